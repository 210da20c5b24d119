//! Every limit of the client, with its unit.

use std::time::Duration;

/// What an answer may cost us and what we keep open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of an answer's status line and fields.
    pub head_bytes_max: usize,
    /// Fields of an answer's head; at most 256.
    pub headers_max: usize,
    /// Interim (1xx) answers before the final one.
    pub informational_max: usize,
    /// Bytes of a chunk's size line with its extensions.
    pub chunk_line_bytes_max: usize,
    /// Bytes of the fields behind the last chunk.
    pub trailer_bytes_max: usize,
    /// Idle connections to one host and port.
    pub idle_per_target_max: usize,
    /// Idle connections in all.
    pub idle_max: usize,
    /// How long an idle connection is kept, unless its server says less.
    pub idle_timeout: Duration,
    /// Addresses of one host that are tried.
    pub addresses_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_bytes_max: 64 * 1024,
            headers_max: 128,
            informational_max: 8,
            chunk_line_bytes_max: 256,
            trailer_bytes_max: 8 * 1024,
            idle_per_target_max: 64,
            idle_max: 256,
            idle_timeout: Duration::from_secs(30),
            addresses_max: 16,
        }
    }
}

/// How long one call may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// For resolving, connecting and the TLS handshake.
    pub connect: Duration,
    /// From the start until the head of the answer is there.
    pub answer: Duration,
    /// From the start until the body has ended; none for streams without an end.
    pub total: Option<Duration>,
    /// Between two pieces of the answer's body.
    pub idle: Duration,
}

impl Timeouts {
    /// Returns the limits of a call that must be over after `integration`, as API Gateway's integration timeout says.
    pub fn within(integration: Duration) -> Self {
        Self {
            connect: integration.min(Duration::from_secs(10)),
            answer: integration,
            total: Some(integration),
            idle: integration,
        }
    }
}
