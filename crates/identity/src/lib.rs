//! Who is this? The directory of user pools, the flows that sign users in, their tokens, and the endpoints.
//!
//! One method of [`Identity`] per operation of `cognito-idp`. Knows no wire: control maps AWS's JSON onto it, the
//! server maps hosts and paths onto [`endpoints`]. Answers as
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/> says.

pub mod directory;
pub mod endpoints;
pub mod error;
pub mod flows;
pub mod ports;
pub mod tokens;
mod interim;

use std::sync::Arc;

use portcullis_model::{Clock, Entropy};
use portcullis_store::Store;

pub use error::IdentityError;
pub use tokens::IssuerForm;

/// What identity is made of.
#[derive(Clone)]
pub struct IdentityParts {
    pub store: Arc<dyn Store>,
    // vault: Arc<portcullis_vault::Vault> follows with that crate.
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub mail: Arc<dyn ports::Mail>,
    pub sign_outs: Arc<dyn ports::SignOuts>,
    pub settings: Settings,
}

/// What the operator decides.
#[derive(Clone, Debug)]
pub struct Settings {
    pub issuer: IssuerForm,
    /// `{domain}` in `{prefix}.auth.{region}.{domain}`.
    pub domain: String,
    /// Threads that hash passwords; each takes 19 MiB while it works.
    pub hashing_threads: usize,
    /// Passwords that may wait for a thread; what comes on top is answered 429.
    pub hashing_queue: usize,
}

/// The user pools of an installation.
pub struct Identity {
    #[allow(dead_code, reason = "read as operations arrive")]
    parts: IdentityParts,
}

impl Identity {
    /// Returns identity over its parts. Shared by `Arc`.
    pub fn new(parts: IdentityParts) -> Self {
        Self { parts }
    }

    /// Returns the same identity (caches and hashing threads shared) over another store. A stack makes a pool
    /// through a store that keeps its writes back, so that the pool and the stack that names it are committed
    /// together; nothing read through it may be cached beyond it.
    #[must_use]
    pub fn over(&self, store: Arc<dyn Store>) -> Self {
        Self {
            parts: IdentityParts {
                store,
                ..self.parts.clone()
            },
        }
    }
}
