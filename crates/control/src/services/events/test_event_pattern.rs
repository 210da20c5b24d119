//! `TestEventPattern`: tells whether an event matches a pattern.

use portcullis_engines::{event_pattern::Pattern, strict_json};
use serde_json::{Value, json};

use super::{access, input};
use crate::{
    input::{Input, Text},
    operation::{AwsError, Call, Operation},
};

/// What an event must have, whatever the pattern looks at.
const FIELDS: [&str; 7] = [
    "id",
    "account",
    "source",
    "time",
    "region",
    "resources",
    "detail-type",
];
const EVENT: Text = Text::up_to(256 * 1024);

pub(super) const OPERATION: Operation = Operation {
    name: "TestEventPattern",
    route: None,
    access: access::everywhere("events:TestEventPattern"),
    members: &["EventPattern", "Event"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut members = Input::new(call.input);
    let pattern = members.required("EventPattern", input::PATTERN);
    let event = members.required("Event", EVENT);
    input::finish(members)?;
    let pattern = Pattern::parse(pattern).map_err(|cause| {
        let message = format!("Event pattern is not valid. Reason: {cause}");
        AwsError::new("InvalidEventPatternException", 400, message)
    })?;
    let event = strict_json::parse_object(event.as_bytes());
    let complete = event.filter(|event| FIELDS.iter().all(|field| event.contains_key(*field)));
    let event = complete.ok_or_else(|| {
        let message = format!(
            "Parameter Event is not valid. Reason: it must be a JSON object with {}",
            FIELDS.join(", ")
        );
        AwsError::new("ValidationException", 400, message)
    })?;
    Ok(json!({ "Result": pattern.matches(&event.into()) }))
}
