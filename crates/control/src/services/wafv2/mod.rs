//! AWS WAF: <https://docs.aws.amazon.com/waf/latest/APIReference/API_Operations_AWS_WAFV2.html>
//!
//! Thin: the wire on one side, [`records::Waf`] on the other, which asks `portcullis-firewall` whether a web ACL can be
//! served. Rule groups of one's own, captchas, logging and Firewall Manager are not there; what is not known is refused by
//! name.

pub mod access;
mod errors;
pub mod records;
mod rules;
mod tagged;
#[cfg(test)]
mod tests;
mod wire;
mod associate_web_acl;
mod check_capacity;
mod create_ip_set;
mod create_regex_pattern_set;
mod create_web_acl;
mod delete_ip_set;
mod delete_regex_pattern_set;
mod delete_web_acl;
mod describe_managed_rule_group;
mod disassociate_web_acl;
mod get_ip_set;
mod get_regex_pattern_set;
mod get_sampled_requests;
mod get_web_acl;
mod get_web_acl_for_resource;
mod list_available_managed_rule_groups;
mod list_ip_sets;
mod list_regex_pattern_sets;
mod list_resources_for_web_acl;
mod list_tags_for_resource;
mod list_web_acls;
mod tag_resource;
mod untag_resource;
mod update_ip_set;
mod update_regex_pattern_set;
mod update_web_acl;

use crate::operation::{Call, Protocol, Service};
use records::Waf;

pub use errors::{invalid, nonexistent};
pub use wire::label_namespace;

pub const SERVICE: Service = Service {
    name: "wafv2",
    protocol: Protocol::Json11 {
        target_prefix: "AWSWAF_20190729",
    },
    operations: &[
        &associate_web_acl::OPERATION,
        &check_capacity::OPERATION,
        &create_ip_set::OPERATION,
        &create_regex_pattern_set::OPERATION,
        &create_web_acl::OPERATION,
        &delete_ip_set::OPERATION,
        &delete_regex_pattern_set::OPERATION,
        &delete_web_acl::OPERATION,
        &describe_managed_rule_group::OPERATION,
        &disassociate_web_acl::OPERATION,
        &get_ip_set::OPERATION,
        &get_regex_pattern_set::OPERATION,
        &get_sampled_requests::OPERATION,
        &get_web_acl::OPERATION,
        &get_web_acl_for_resource::OPERATION,
        &list_available_managed_rule_groups::OPERATION,
        &list_ip_sets::OPERATION,
        &list_regex_pattern_sets::OPERATION,
        &list_resources_for_web_acl::OPERATION,
        &list_tags_for_resource::OPERATION,
        &list_web_acls::OPERATION,
        &tag_resource::OPERATION,
        &untag_resource::OPERATION,
        &update_ip_set::OPERATION,
        &update_regex_pattern_set::OPERATION,
        &update_web_acl::OPERATION,
    ],
};

/// Returns the web ACLs and sets of the caller's account.
fn waf<'a>(call: &'a Call<'_>) -> Waf<'a> {
    Waf {
        store: call.parts.store.as_ref(),
        vault: &call.parts.vault,
        clock: call.parts.clock.as_ref(),
        entropy: call.parts.entropy.as_ref(),
        scope: call.scope,
    }
}
