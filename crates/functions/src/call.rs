//! One call of a function and what comes of it: <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use portcullis_model::arn::Arn;

/// The longest event and the longest answer of a synchronous call, in bytes. AWS's quota is 6 MB.
pub const PAYLOAD_BYTES_MAX: usize = 6 * 1024 * 1024;

/// A synchronous call.
#[derive(Clone, Debug)]
pub struct Call {
    /// With the qualifier, if it has one.
    pub function_arn: Arc<str>,
    /// The event: JSON.
    pub payload: Bytes,
    /// How long the caller waits; the function's own limit may be shorter.
    pub timeout: Duration,
}

/// What a function returned or failed with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// What it returned, or, when it failed, `{"errorMessage": …, "errorType": …}`.
    pub payload: Bytes,
    /// `Unhandled` or `Handled` when it failed.
    pub error: Option<String>,
}

/// Why a function was not run, or did not end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    #[error("there is no function `{0}`")]
    NotFound(String),
    #[error("the event has more than {PAYLOAD_BYTES_MAX} bytes")]
    PayloadTooLarge,
    /// The caller waited no longer.
    #[error("the function did not answer in time")]
    TimedOut,
    /// Too many calls at once.
    #[error("{0}")]
    Throttled(String),
    /// It could not be started or reached, or answered what no function answers.
    #[error("{0}")]
    Unreachable(String),
}

/// Returns the ARN without its qualifier; none when it has none.
pub fn unqualified(function_arn: &str) -> Option<String> {
    let mut arn: Arn = function_arn.parse().ok()?;
    let mut parts = arn.resource.splitn(3, ':');
    let (kind, name, _qualifier) = (parts.next()?, parts.next()?, parts.next()?);
    arn.resource = format!("{kind}:{name}");
    Some(arn.to_string())
}
