//! `DescribeEventBus`: tells of an event bus.

use portcullis_events::DEFAULT_BUS;
use serde_json::Value;

use super::{access, catalogue, input, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "DescribeEventBus",
    route: None,
    access: access::on_bus("events:DescribeEventBus"),
    members: &["Name"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut members = Input::new(call.input);
    let name = members.text("Name", input::BUS).unwrap_or(DEFAULT_BUS);
    input::finish(members)?;
    let bus = catalogue(call).bus(name).await?;
    Ok(wire::bus(call.scope, &bus))
}
