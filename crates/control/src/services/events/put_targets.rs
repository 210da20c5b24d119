//! `PutTargets`: adds targets to a rule, or changes them.

use serde_json::{Value, json};

use super::{SERVICE, access, catalogue, input};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
    roles,
};

pub(super) const OPERATION: Operation = Operation {
    name: "PutTargets",
    route: None,
    access: access::on_rule_of_targets("events:PutTargets"),
    members: &["Rule", "EventBusName", "Targets"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut members = Input::new(call.input);
    let rule = members.required("Rule", input::NAME);
    let bus = input::bus(&mut members);
    let targets = input::targets(&mut members);
    input::finish(members)?;
    // Else whoever may make a rule could lend himself any role's rights.
    for role in targets.iter().filter_map(|target| target.role_arn.as_deref()) {
        roles::check_pass_role(&SERVICE, call, role, "events.amazonaws.com").await?;
    }
    catalogue(call).put_targets(bus, rule, &targets).await?;
    Ok(json!({ "FailedEntryCount": 0, "FailedEntries": [] }))
}
