//! `ListAvailableManagedRuleGroups`: the managed groups that rules may refer to.

use portcullis_firewall::managed_rule_groups;
use serde_json::{Value, json};

use super::{access, errors, rules};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "ListAvailableManagedRuleGroups",
    route: None,
    access: access::everywhere("wafv2:ListAvailableManagedRuleGroups"),
    members: &["Scope", "NextMarker", "Limit"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    rules::scope(&mut input);
    rules::page(&mut input);
    errors::finish(input)?;
    let groups: Vec<Value> = managed_rule_groups()
        .iter()
        .map(|group| {
            json!({
                "VendorName": group.vendor,
                "Name": group.name,
                "VersioningSupported": false,
                "Description": group.description,
            })
        })
        .collect();
    Ok(json!({ "ManagedRuleGroups": groups }))
}
