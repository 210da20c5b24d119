//! Who is this? The directory of user pools, the flows that sign users in, their tokens, and the endpoints.
//!
//! One method of [`Identity`] per operation of `cognito-idp`. Knows no wire: control maps AWS's JSON onto it, the
//! server maps hosts and paths onto [`endpoints`]. Answers as
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/> says.

pub mod directory;
pub mod flows;
pub mod tokens;
pub mod endpoints;
mod pages;
pub mod error;
pub mod ports;
mod passwords;
mod records;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use portcullis_model::{Clock, Entropy};
use portcullis_store::Store;
use portcullis_vault::Vault;

pub use error::IdentityError;
pub use tokens::IssuerForm;

/// What identity is made of.
#[derive(Clone)]
pub struct IdentityParts {
    pub store: Arc<dyn Store>,
    pub vault: Arc<Vault>,
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
    /// The port of these hosts in links and metadata; 443 is left out.
    pub public_port: u16,
    /// Threads that hash passwords; each takes 19 MiB while it works.
    pub hashing_threads: usize,
    /// Passwords that may wait for a thread; what comes on top is answered 429.
    pub hashing_queue: usize,
}

/// The user pools of an installation.
#[derive(Clone)]
pub struct Identity {
    store: Arc<dyn Store>,
    vault: Arc<Vault>,
    clock: Arc<dyn Clock>,
    entropy: Arc<dyn Entropy>,
    mail: Arc<dyn ports::Mail>,
    sign_outs: Arc<dyn ports::SignOuts>,
    settings: Settings,
    workers: Arc<passwords::workers::Workers>,
    lockout: Arc<passwords::lockout::Lockout>,
    keys: Arc<tokens::keys::KeyCache>,
}

impl Identity {
    /// Returns identity over its parts, with its threads started. Shared by `Arc`.
    pub fn new(parts: IdentityParts) -> Result<Self, IdentityError> {
        let settings = parts.settings;
        let workers = passwords::workers::Workers::start(settings.hashing_threads, settings.hashing_queue)?;
        Ok(Self {
            store: parts.store,
            vault: parts.vault,
            clock: parts.clock,
            entropy: parts.entropy,
            mail: parts.mail,
            sign_outs: parts.sign_outs,
            settings,
            workers: Arc::new(workers),
            lockout: Arc::default(),
            keys: Arc::default(),
        })
    }

    /// Returns the same identity (caches and hashing threads shared) over another store. A stack makes a pool
    /// through a store that keeps its writes back, so that the pool and the stack that names it are committed
    /// together; nothing read through it may be cached beyond it.
    #[must_use]
    pub fn over(&self, store: Arc<dyn Store>) -> Self {
        Self {
            store,
            ..self.clone()
        }
    }
}
