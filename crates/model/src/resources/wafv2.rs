//! AWS WAF: <https://docs.aws.amazon.com/waf/latest/APIReference/API_WebACL.html>
//!
//! Rules are kept as they were written, because their grammar belongs to the firewall: `portcullis-firewall`
//! reads them whole, reports every problem with its path, and compiles them.

use std::collections::BTreeMap;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Whether a resource guards distributions or regional endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum WafScope {
    #[serde(rename = "CLOUDFRONT")]
    CloudFront,
    #[serde(rename = "REGIONAL")]
    Regional,
}

impl WafScope {
    /// Returns the word that stands in ARNs: `global` or `regional`.
    pub const fn arn_word(self) -> &'static str {
        match self {
            Self::CloudFront => "global",
            Self::Regional => "regional",
        }
    }

    /// Returns AWS's name of the scope.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CloudFront => "CLOUDFRONT",
            Self::Regional => "REGIONAL",
        }
    }
}

/// A body that a blocking rule may answer with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CustomResponseBody {
    /// `TEXT_PLAIN`, `TEXT_HTML` or `APPLICATION_JSON`.
    pub content_type: String,
    pub content: String,
}

/// What is sampled and counted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct VisibilityConfig {
    pub sampled_requests_enabled: bool,
    pub cloud_watch_metrics_enabled: bool,
    pub metric_name: String,
}

/// A web ACL: ordered rules and what happens when none of them ends the evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct WebAcl {
    pub name: String,
    pub id: String,
    #[serde(rename = "ARN")]
    pub arn: String,
    pub scope: WafScope,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `{"Allow": {…}}` or `{"Block": {…}}`.
    pub default_action: Value,
    /// AWS's `Rule` structures.
    #[serde(default)]
    pub rules: Vec<Value>,
    pub visibility_config: VisibilityConfig,
    #[serde(default, skip_serializing_if = "IndexMap::is_empty")]
    pub custom_response_bodies: IndexMap<String, CustomResponseBody>,
    /// By resource type: how many bytes of a body are inspected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub association_config: Option<Value>,
    /// Web ACL capacity units that the rules use.
    #[serde(default)]
    pub capacity: u32,
    /// Changes with every update; an update must present the current one.
    #[serde(default)]
    pub lock_token: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// A set of addresses that rules refer to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct IpSet {
    pub name: String,
    pub id: String,
    #[serde(rename = "ARN")]
    pub arn: String,
    pub scope: WafScope,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// `IPV4` or `IPV6`.
    #[serde(rename = "IPAddressVersion")]
    pub ip_address_version: String,
    /// CIDR notation.
    #[serde(default)]
    pub addresses: Vec<String>,
    #[serde(default)]
    pub lock_token: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// A set of regular expressions that rules refer to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct RegexPatternSet {
    pub name: String,
    pub id: String,
    #[serde(rename = "ARN")]
    pub arn: String,
    pub scope: WafScope,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default)]
    pub regular_expression_list: Vec<RegularExpression>,
    #[serde(default)]
    pub lock_token: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// One expression of a set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct RegularExpression {
    pub regex_string: String,
}

/// A resource that a web ACL guards: a stage of an API, a user pool, …
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct WebAclAssociation {
    pub resource_arn: String,
    #[serde(rename = "WebACLArn")]
    pub web_acl_arn: String,
}
