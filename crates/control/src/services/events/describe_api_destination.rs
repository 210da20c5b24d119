//! `DescribeApiDestination`: tells of an API destination.

use serde_json::Value;

use super::{access, catalogue, input, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "DescribeApiDestination",
    route: None,
    access: access::on_api_destination("events:DescribeApiDestination"),
    members: &["Name"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut members = Input::new(call.input);
    let name = members.required("Name", input::NAME);
    input::finish(members)?;
    Ok(wire::api_destination(
        &catalogue(call).api_destination(name).await?,
    ))
}
