//! `DescribeConnection`: tells of a connection, without what is secret.

use serde_json::Value;

use super::{access, catalogue, input, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "DescribeConnection",
    route: None,
    access: access::on_connection("events:DescribeConnection"),
    members: &["Name"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut members = Input::new(call.input);
    let name = members.required("Name", input::NAME);
    input::finish(members)?;
    Ok(wire::connection(&catalogue(call).connection(name).await?))
}
