//! `DescribeManagedRuleGroup`: the rules of a managed group, by AWS's names; their content is ours.

use portcullis_firewall::managed_rule_groups;
use serde_json::{Value, json};

use super::{access, errors, rules};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "DescribeManagedRuleGroup",
    route: None,
    access: access::everywhere("wafv2:DescribeManagedRuleGroup"),
    members: &["VendorName", "Name", "Scope", "VersionName"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    rules::scope(&mut input);
    let vendor = input.required("VendorName", rules::VENDOR);
    let name = input.required("Name", rules::NAME);
    if input.value("VersionName").is_some() {
        return Err(errors::invalid(
            "MANAGED_RULE_SET",
            "the groups have one version: leave VersionName out",
        ));
    }
    errors::finish(input)?;
    let group = managed_rule_groups()
        .iter()
        .find(|group| group.vendor == vendor && group.name == name)
        .ok_or_else(errors::nonexistent)?;
    let rules: Vec<Value> = group
        .rules
        .iter()
        .map(|rule| json!({ "Name": rule.name, "Action": { "Block": {} } }))
        .collect();
    let labels: Vec<Value> = group
        .rules
        .iter()
        .map(|rule| json!({ "Name": format!("{}{}", group.label_namespace, rule.label) }))
        .collect();
    Ok(json!({
        "Capacity": group.capacity,
        "Rules": rules,
        "LabelNamespace": group.label_namespace,
        "AvailableLabels": labels,
        "ConsumedLabels": [],
    }))
}
