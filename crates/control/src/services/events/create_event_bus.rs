//! `CreateEventBus`: makes an event bus.

use portcullis_events::bus_arn;
use serde_json::{Value, json};

use super::{access, catalogue, input};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "CreateEventBus",
    route: None,
    access: access::on_bus("events:CreateEventBus"),
    members: &["Name", "Description", "Tags"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut members = Input::new(call.input);
    let name = members.required("Name", input::NAME);
    let description = members.text("Description", input::DESCRIPTION).map(str::to_owned);
    let tags = input::tags(&mut members)?.unwrap_or_default();
    input::finish(members)?;
    let bus = catalogue(call).create_bus(name, description, tags).await?;
    Ok(json!({ "EventBusArn": bus_arn(call.scope, &bus.name) }))
}
