//! `PutRule`: makes or changes a rule.

use portcullis_events::{PutRule, rule_arn};
use portcullis_model::resources::events::RuleState;
use serde_json::{Value, json};

use super::{access, catalogue, input};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "PutRule",
    route: None,
    access: access::on_rule("events:PutRule"),
    members: &[
        "Name",
        "EventPattern",
        "State",
        "Description",
        "EventBusName",
        "Tags",
    ],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut members = Input::new(call.input);
    let name = members.required("Name", input::NAME).to_owned();
    let pattern = members.required("EventPattern", input::PATTERN).to_owned();
    // `ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS` asks for events that do not come here.
    let state = members.one_of("State", &["ENABLED", "DISABLED"]);
    let description = members.text("Description", input::DESCRIPTION).map(str::to_owned);
    let bus = input::bus(&mut members).to_owned();
    let tags = input::tags(&mut members)?.unwrap_or_default();
    input::finish(members)?;
    let state = match state {
        Some("DISABLED") => RuleState::Disabled,
        _ => RuleState::Enabled,
    };
    let put = PutRule {
        name,
        bus,
        event_pattern: pattern,
        state,
        description,
        tags,
    };
    let rule = catalogue(call).put_rule(&put).await?;
    Ok(json!({ "RuleArn": rule_arn(call.scope, &rule.event_bus_name, &rule.name) }))
}
