//! What the firewall said.

use std::{sync::Arc, time::Duration};

/// What the firewall said, for `$context.waf.*`.
pub(crate) struct WafFacts {
    pub(crate) web_acl_arn: Arc<str>,
    /// None when the web ACL could not be asked.
    pub(crate) verdict: Option<WafVerdict>,
    pub(crate) error: Option<Box<str>>,
    pub(crate) latency: Duration,
}

/// What a web ACL decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WafVerdict {
    Allow,
    Block,
}

impl WafFacts {
    /// Returns the facts of a web ACL that could not be asked.
    pub(crate) fn failed(web_acl_arn: Arc<str>, error: &str) -> Self {
        Self {
            web_acl_arn,
            verdict: None,
            error: Some(error.into()),
            latency: Duration::ZERO,
        }
    }
}
