//! `DeleteConnection`: deletes a connection and its secret.

use serde_json::Value;

use super::{access, catalogue, input, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "DeleteConnection",
    route: None,
    access: access::on_connection("events:DeleteConnection"),
    members: &["Name"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut members = Input::new(call.input);
    let name = members.required("Name", input::NAME);
    input::finish(members)?;
    let connection = catalogue(call).delete_connection(name).await?;
    Ok(wire::connection_state(&connection, "DELETING"))
}
