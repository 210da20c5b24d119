//! The record of every decision of one exchange: what `explain` shows and logs and metrics read.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{RequestId, Timestamp};

/// What a layer said. `Observe…` marks a refusal that an observing layer did not enforce.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// The exchange goes on.
    Continue,
    /// The layer answered the exchange itself (a mock, a cached reply, a preflight).
    Answer,
    /// The exchange ends here with a refusal.
    Refuse,
    /// The layer would have refused, but only observes.
    ObserveRefuse,
}

/// One layer's decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// The layer's name, as in the list of the pipeline: `authorizer`.
    pub layer: Cow<'static, str>,
    pub outcome: Outcome,
    /// Which rule or resource decided and why. Never holds a token, key or password.
    pub reason: Cow<'static, str>,
    pub elapsed_ns: u64,
}

/// Everything that was decided about one exchange.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trail {
    pub request_id: RequestId,
    pub started: Timestamp,
    /// `public`, `public-http`, `admin` or `proxy`.
    pub listener: Cow<'static, str>,
    pub source: String,
    pub host: String,
    pub method: String,
    /// The path without its query, which may hold secrets.
    pub path: String,
    pub steps: Vec<Step>,
    pub status: u16,
    pub elapsed_ns: u64,
}
