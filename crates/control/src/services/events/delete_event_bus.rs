//! `DeleteEventBus`: deletes an event bus.

use serde_json::Value;

use super::{access, catalogue, input};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "DeleteEventBus",
    route: None,
    access: access::on_bus("events:DeleteEventBus"),
    members: &["Name"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut members = Input::new(call.input);
    let name = members.required("Name", input::NAME);
    input::finish(members)?;
    catalogue(call).delete_bus(name).await?;
    Ok(Value::Null)
}
