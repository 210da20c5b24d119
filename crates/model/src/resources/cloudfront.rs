//! Amazon CloudFront: <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html>

use std::{collections::BTreeMap, fmt};

use serde::{Deserialize, Serialize};

use crate::Timestamp;

/// A distribution as it is kept. Its configuration is sealed, because custom headers of origins are secrets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Distribution {
    /// `E` and thirteen capital letters and digits; in small letters the first label of its hosts.
    pub id: String,
    /// Changes with every update; an update must present the current one.
    pub etag: String,
    pub last_modified: Timestamp,
    /// A [`DistributionConfig`].
    pub sealed_config: String,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

impl Distribution {
    /// Returns what the configuration of the distribution `id` is sealed for.
    pub fn purpose(id: &str) -> String {
        format!("cloudfront/distribution/{id}/config")
    }

    /// Returns the ARN of the distribution `id` of `account`.
    pub fn arn(account: &str, id: &str) -> String {
        format!("arn:aws:cloudfront::{account}:distribution/{id}")
    }

    /// Returns the domain name of the distribution `id`, as AWS gives it: `….cloudfront.net`.
    pub fn domain_name(id: &str) -> String {
        format!("{}.cloudfront.net", id.to_ascii_lowercase())
    }
}

/// What a distribution does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DistributionConfig {
    pub caller_reference: String,
    #[serde(default)]
    pub comment: String,
    pub enabled: bool,
    /// What stands for `/`; empty for nothing.
    #[serde(default)]
    pub default_root_object: String,
    pub origins: Vec<Origin>,
    pub default_cache_behavior: CacheBehavior,
    /// In the order in which they are tried.
    #[serde(default)]
    pub cache_behaviors: Vec<CacheBehavior>,
    #[serde(default)]
    pub custom_error_responses: Vec<CustomErrorResponse>,
    /// Kept, without effect.
    pub price_class: String,
    /// Kept, without effect.
    pub http_version: String,
    /// Kept, without effect.
    #[serde(default)]
    pub is_ipv6_enabled: bool,
    /// The ARN of the web ACL that guards it; empty for none.
    #[serde(default)]
    pub web_acl_id: String,
}

/// Where answers come from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Origin {
    pub id: String,
    pub domain_name: String,
    /// Empty, or starts with `/` and does not end with one.
    #[serde(default)]
    pub origin_path: String,
    #[serde(default)]
    pub custom_headers: Vec<CustomHeader>,
    pub connection_attempts: u32,
    pub connection_timeout: u32,
    pub custom_origin: CustomOrigin,
}

/// A field that every request to an origin carries. Its value is often a secret, so `Debug` leaves it out.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CustomHeader {
    pub name: String,
    pub value: String,
}

impl fmt::Debug for CustomHeader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "CustomHeader({})", self.name)
    }
}

/// How an HTTP origin is called.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CustomOrigin {
    pub http_port: u16,
    pub https_port: u16,
    pub protocol_policy: OriginProtocolPolicy,
    /// Kept; TLS 1.2 and 1.3 are spoken.
    #[serde(default)]
    pub ssl_protocols: Vec<String>,
    /// Seconds.
    pub read_timeout: u32,
    /// Seconds. Kept, without effect.
    pub keepalive_timeout: u32,
}

/// With which scheme an origin is called.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OriginProtocolPolicy {
    HttpOnly,
    HttpsOnly,
    MatchViewer,
}

/// What a viewer's scheme must be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ViewerProtocolPolicy {
    #[default]
    AllowAll,
    HttpsOnly,
    RedirectToHttps,
}

/// What is done with requests whose path fits a pattern, or with all others.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CacheBehavior {
    /// None for the default behavior.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path_pattern: Option<String>,
    pub target_origin_id: String,
    pub viewer_protocol_policy: ViewerProtocolPolicy,
    pub allowed_methods: Vec<String>,
    pub cached_methods: Vec<String>,
    pub forwarded_values: ForwardedValues,
    /// Seconds.
    pub min_ttl: u64,
    /// Seconds.
    pub default_ttl: u64,
    /// Seconds.
    pub max_ttl: u64,
    /// Kept, without effect.
    #[serde(default)]
    pub compress: bool,
}

/// What of a viewer's request reaches the origin, and is therefore part of the cache's key.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ForwardedValues {
    pub query_string: bool,
    pub cookies: CookiePreference,
    /// Names of fields; `*` is all, and nothing is cached then.
    #[serde(default)]
    pub headers: Vec<String>,
}

/// Which cookies are forwarded.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CookiePreference {
    #[default]
    None,
    All,
    /// Names, in which `*` stands for any characters and `?` for one.
    Whitelist(Vec<String>),
}

/// How long an error of an origin is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct CustomErrorResponse {
    pub error_code: u16,
    /// Seconds.
    pub error_caching_min_ttl: u64,
}

/// An invalidation: always done when the call that asks for it is answered.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Invalidation {
    pub id: String,
    pub create_time: Timestamp,
    pub caller_reference: String,
    pub paths: Vec<String>,
}
