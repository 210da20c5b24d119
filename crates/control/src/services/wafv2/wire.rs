//! From inputs to settings, and from records to AWS's JSON. Rules pass as they were written.

use portcullis_model::resources::wafv2::{
    IpSet, RegexPatternSet, RegularExpression, VisibilityConfig, WafScope, WebAcl,
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{
    errors::invalid,
    records::{Entity, Listed, web_acl::WebAclSettings},
    rules,
};
use crate::{
    input::{Input, Text},
    operation::AwsError,
};

/// Reads what a caller chooses about a web ACL.
pub(super) fn web_acl_settings(input: &mut Input<'_>) -> Result<WebAclSettings, AwsError> {
    input.text("Description", rules::DESCRIPTION);
    let names = [
        "DefaultAction",
        "Description",
        "Rules",
        "VisibilityConfig",
        "CustomResponseBodies",
        "AssociationConfig",
    ];
    let members: Map<String, Value> = names
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), input.value(name)?.clone())))
        .collect();
    serde_json::from_value(members.into()).map_err(|cause| invalid("WEB_ACL", cause.to_string()))
}

/// Reads the addresses of a set, and its description.
pub(super) fn addresses(input: &mut Input<'_>) -> (Vec<String>, Option<String>) {
    let addresses = input.texts("Addresses", Text::up_to(50));
    input.require("Addresses", addresses.is_some());
    (addresses.unwrap_or_default(), description(input))
}

/// Reads the expressions of a set, and its description.
pub(super) fn expressions(input: &mut Input<'_>) -> (Vec<RegularExpression>, Option<String>) {
    let expressions = input.structures("RegularExpressionList", &["RegexString"], |item| {
        RegularExpression {
            regex_string: item.required("RegexString", Text::up_to(512)).to_owned(),
        }
    });
    input.require("RegularExpressionList", expressions.is_some());
    (expressions.unwrap_or_default(), description(input))
}

fn description(input: &mut Input<'_>) -> Option<String> {
    input.text("Description", rules::DESCRIPTION).map(str::to_owned)
}

/// Returns a web ACL that nobody keeps, to ask what its rules would cost.
pub(super) fn pretended(scope: WafScope, rules: Vec<Value>) -> Result<WebAcl, AwsError> {
    let record = json!({
        "Name": "capacity", "Id": "capacity", "ARN": "", "Scope": scope, "DefaultAction": { "Allow": {} }, "Rules": rules,
        "VisibilityConfig": VisibilityConfig {
            sampled_requests_enabled: false,
            cloud_watch_metrics_enabled: false,
            metric_name: "capacity".into(),
        },
    });
    serde_json::from_value(record).map_err(|cause| AwsError::internal(cause.to_string()))
}

fn set<T: Serialize>(answer: &mut Value, name: &str, value: Option<T>) {
    if let (Some(members), Some(value)) = (answer.as_object_mut(), value) {
        members.insert(name.to_owned(), json!(value));
    }
}

/// Renders what listings and creations tell.
pub(super) fn summary<T: Entity>(item: &T) -> Value {
    let head = item.head();
    let mut answer =
        json!({ "Name": head.name, "Id": head.id, "LockToken": head.lock_token, "ARN": head.arn });
    set(&mut answer, "Description", head.description);
    answer
}

/// Renders a page.
pub(super) fn page<T>(member: &str, listed: &Listed<T>, render: impl Fn(&T) -> Value) -> Value {
    let mut answer = json!({});
    set(
        &mut answer,
        member,
        Some(listed.items.iter().map(render).collect::<Vec<_>>()),
    );
    set(&mut answer, "NextMarker", listed.next.as_ref());
    answer
}

/// Renders a web ACL.
pub(super) fn web_acl(acl: &WebAcl) -> Value {
    let mut answer = json!({
        "Name": acl.name,
        "Id": acl.id,
        "ARN": acl.arn,
        "DefaultAction": acl.default_action,
        "Rules": acl.rules,
        "VisibilityConfig": acl.visibility_config,
        "Capacity": acl.capacity,
        "ManagedByFirewallManager": false,
        "LabelNamespace": label_namespace(acl),
    });
    set(&mut answer, "Description", acl.description.as_ref());
    set(&mut answer, "AssociationConfig", acl.association_config.as_ref());
    if !acl.custom_response_bodies.is_empty() {
        set(
            &mut answer,
            "CustomResponseBodies",
            Some(&acl.custom_response_bodies),
        );
    }
    answer
}

/// Returns what begins the labels of the web ACL's own rules.
pub fn label_namespace(acl: &WebAcl) -> String {
    let account = acl.arn.split(':').nth(4).unwrap_or_default();
    format!("awswaf:{account}:webacl:{}:", acl.name)
}

/// Renders an IP set.
pub(super) fn ip_set(set: &IpSet) -> Value {
    let mut answer = json!({
        "Name": set.name,
        "Id": set.id,
        "ARN": set.arn,
        "IPAddressVersion": set.ip_address_version,
        "Addresses": set.addresses,
    });
    self::set(&mut answer, "Description", set.description.as_ref());
    answer
}

/// Renders a regex pattern set.
pub(super) fn regex_pattern_set(set: &RegexPatternSet) -> Value {
    let mut answer = json!({
        "Name": set.name,
        "Id": set.id,
        "ARN": set.arn,
        "RegularExpressionList": set.regular_expression_list,
    });
    self::set(&mut answer, "Description", set.description.as_ref());
    answer
}
