//! How is it configured? AWS's wire protocols, one admission for all, services, stacks.
//!
//! [`Control::handle`] takes a request of the admin side whole and answers it. It knows no sockets.

pub mod admission;
pub mod credentials;
pub mod error;
pub mod input;
pub mod operation;
pub mod ports;
pub mod protocol;
pub mod resources;
pub mod roles;
pub mod sessions;
pub mod services;
pub mod stacks;
#[cfg(test)]
mod test_control;
#[cfg(test)]
mod test_wire;
mod dispatch;
mod grants;

use std::{net::IpAddr, sync::Arc};

use bytes::Bytes;
use portcullis_events::Events;
use portcullis_identity::Identity;
use portcullis_model::{Clock, Entropy, HeaderList, Scope};
use portcullis_store::Store;
use portcullis_vault::Vault;

pub use error::AwsError;

/// The longest body of an admin call: an OpenAPI document of 6 MB, and what may stand around it.
pub const BODY_BYTES_MAX: usize = 7 << 20;

/// What control is made of. Cheap to clone.
#[derive(Clone)]
pub struct ControlParts {
    pub store: Arc<dyn Store>,
    pub vault: Arc<Vault>,
    pub identity: Arc<Identity>,
    pub events: Arc<Events>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    /// Told after each change of configuration; answers when the data plane serves it.
    pub published: Arc<dyn ports::Published>,
    pub compiler: Arc<dyn ports::Compiler>,
    pub trails: Arc<dyn ports::TrailSink>,
    pub samples: Arc<dyn ports::Samples>,
    pub usage: Arc<dyn ports::UsageCounters>,
    pub buckets: Arc<dyn ports::Buckets>,
    pub functions: Arc<portcullis_functions::Functions>,
    pub certificates: Arc<dyn ports::Certificates>,
    pub distribution_cache: Arc<dyn ports::DistributionCache>,
    pub stage_caches: Arc<dyn ports::StageCaches>,
    pub test_bench: Arc<dyn ports::TestBench>,
    /// The region that is served, and the account that it starts with.
    pub scope: Scope,
    /// `{domain}` in the hosts of what is made.
    pub domain: String,
}

/// The admin side.
#[derive(Clone)]
pub struct Control {
    parts: ControlParts,
}

/// Which door an admin call came through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AdminListener {
    /// Every operation, signed; the unsigned ones of AWS too.
    Admin,
    /// Through the forward proxy, for AWS's own host names: as on the admin listener.
    Proxy,
    /// Only the operations that AWS models as unsigned.
    Public,
}

impl AdminListener {
    /// Returns the name that trails carry.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Proxy => "proxy",
            Self::Public => "public",
        }
    }
}

/// An admin call, whole.
#[derive(Clone, Debug)]
pub struct AdminRequest {
    pub listener: AdminListener,
    pub source: IpAddr,
    pub secure: bool,
    pub method: String,
    /// As on the wire, percent-encoding untouched.
    pub path: String,
    /// Without the `?`; empty when there is none.
    pub query: String,
    /// With `host`.
    pub headers: HeaderList,
    pub body: Bytes,
}

/// The answer to an admin call.
#[derive(Clone, Debug)]
pub struct AdminResponse {
    pub status: u16,
    pub headers: HeaderList,
    pub body: Bytes,
    /// What was decided; already recorded on [`AdminListener::Admin`], for the caller to record on the others.
    pub steps: Vec<portcullis_model::trail::Step>,
}

impl Control {
    /// Returns the admin side over its parts.
    pub const fn new(parts: ControlParts) -> Self {
        Self { parts }
    }

    /// Returns what it is made of.
    pub const fn parts(&self) -> &ControlParts {
        &self.parts
    }

    /// Answers an admin call. Every refusal is an answer too.
    pub async fn handle(&self, request: AdminRequest) -> AdminResponse {
        dispatch::handle(&self.parts, request).await
    }

    /// Calls an operation in the name of a role: [`roles`] says when and how.
    pub async fn call_in_role(&self, call: roles::RoleCall) -> AdminResponse {
        dispatch::call_in_role(&self.parts, call).await
    }
}
