//! `RemoveTargets`: removes targets from a rule.

use serde_json::{Value, json};

use super::{access, catalogue, input};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "RemoveTargets",
    route: None,
    access: access::on_rule_of_targets("events:RemoveTargets"),
    members: &["Rule", "EventBusName", "Ids", "Force"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut members = Input::new(call.input);
    let rule = members.required("Rule", input::NAME);
    let bus = input::bus(&mut members);
    let ids = members.texts("Ids", input::NAME);
    members.require("Ids", ids.is_some());
    // As in `DeleteRule`.
    members.boolean("Force");
    input::finish(members)?;
    let missing = catalogue(call)
        .remove_targets(bus, rule, &ids.unwrap_or_default())
        .await?;
    let failed: Vec<Value> = missing
        .iter()
        .map(|id| {
            json!({
                "TargetId": id,
                "ErrorCode": "ResourceNotFoundException",
                "ErrorMessage": format!("The rule has no target {id}."),
            })
        })
        .collect();
    Ok(json!({ "FailedEntryCount": failed.len(), "FailedEntries": failed }))
}
