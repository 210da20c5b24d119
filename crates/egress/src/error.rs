//! Why a call did not succeed, told apart by whose fault it was.

use std::{io, net::IpAddr};

use crate::chunked::BadChunk;

/// The part of an exchange that took too long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Resolving, connecting, TLS handshake.
    Connect,
    /// Sending the request and waiting for the answer's head.
    Answer,
    /// Reading the answer's body.
    Body,
}

impl Phase {
    /// Returns what was waited for.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Connect => "the connection",
            Self::Answer => "the answer",
            Self::Body => "the answer's body",
        }
    }
}

/// Why a call did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum EgressError {
    /// The address is one where we do not connect.
    #[error("`{host}` has the address {address}, which is {range}: allow the range to call it")]
    Refused {
        host: String,
        address: IpAddr,
        range: &'static str,
    },
    /// The host has no address.
    #[error("`{host}` cannot be resolved: {cause}")]
    Unresolved { host: String, cause: String },
    /// Nobody answers at the address.
    #[error("`{host}` cannot be connected: {cause}")]
    Unconnected { host: String, cause: io::Error },
    /// The TLS handshake failed: certificate, name, version.
    #[error("TLS with `{host}` failed: {cause}")]
    Tls { host: String, cause: String },
    /// It took too long.
    #[error("{} did not come in time", .0.as_str())]
    TimedOut(Phase),
    /// The answer breaks HTTP/1.1 or one of our limits.
    #[error("the answer is not valid: {0}")]
    Protocol(&'static str),
    /// The connection ended before the answer did.
    #[error("the connection broke off: {0}")]
    Broken(io::Error),
    /// The body of the request failed at its own source.
    #[error("the body of the request broke off: {0}")]
    RequestBody(String),
    /// The request cannot be written as HTTP/1.1.
    #[error("the request cannot be sent: {0}")]
    Request(&'static str),
    /// The body of the answer is longer than its reader takes.
    #[error("the body of the answer exceeds {limit_bytes} bytes")]
    TooLarge { limit_bytes: usize },
}

impl EgressError {
    /// Tells whether nobody was reached: nothing of the request was sent, and another server may be asked.
    pub const fn is_before_sending(&self) -> bool {
        matches!(
            self,
            Self::Refused { .. }
                | Self::Unresolved { .. }
                | Self::Unconnected { .. }
                | Self::Tls { .. }
                | Self::TimedOut(Phase::Connect)
        )
    }
}

impl From<BadChunk> for EgressError {
    fn from(BadChunk(reason): BadChunk) -> Self {
        Self::Protocol(reason)
    }
}
