//! What events ask of the outside; `server` fills it in.

use std::{future::Future, pin::Pin};

use portcullis_model::Scope;

/// A delivery, as a role is asked about it.
#[derive(Clone, Copy, Debug)]
pub struct Invoke<'a> {
    /// The account and region of the rule.
    pub scope: &'a Scope,
    pub role_arn: &'a str,
    pub rule_arn: &'a str,
    pub destination_arn: &'a str,
}

/// What a role says, some time later; the error is for the log.
pub type Judged<'a> = Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>>;

/// Knows roles.
pub trait Roles: Send + Sync {
    /// Tells whether the role trusts `events.amazonaws.com` and allows `events:InvokeApiDestination`.
    fn may_invoke<'a>(&'a self, invoke: Invoke<'a>) -> Judged<'a>;
}
