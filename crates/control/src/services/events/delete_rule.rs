//! `DeleteRule`: deletes a rule without targets.

use serde_json::Value;

use super::{access, catalogue, input};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "DeleteRule",
    route: None,
    access: access::on_rule("events:DeleteRule"),
    members: &["Name", "EventBusName", "Force"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut members = Input::new(call.input);
    let name = members.required("Name", input::NAME);
    let bus = input::bus(&mut members);
    // Only for rules that a service manages; there are none, so it changes nothing.
    members.boolean("Force");
    input::finish(members)?;
    catalogue(call).delete_rule(bus, name).await?;
    Ok(Value::Null)
}
