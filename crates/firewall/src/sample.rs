//! A request as `GetSampledRequests` shows it: <https://docs.aws.amazon.com/waf/latest/APIReference/API_SampledHTTPRequest.html>

use std::{net::IpAddr, sync::Arc};

use portcullis_model::Timestamp;

/// A request that a rule matched, or that the default action decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sample {
    pub at: Timestamp,
    pub client: IpAddr,
    pub method: String,
    /// The path, without the query.
    pub uri: String,
    pub http_version: String,
    pub headers: Vec<(String, String)>,
    /// `ALLOW`, `BLOCK` or `COUNT`.
    pub action: &'static str,
    /// The rule of the web ACL that matched; none when the default action decided.
    pub rule: Option<Arc<str>>,
    /// The rule of a group that matched.
    pub group_rule: Option<Arc<str>>,
    pub labels: Vec<Arc<str>>,
    /// The status of a rule's own answer.
    pub response_status: Option<u16>,
    pub inserted_headers: Vec<(Arc<str>, Arc<str>)>,
}

/// Whose samples.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum SampledBy {
    DefaultAction,
    Rule(Arc<str>),
}
