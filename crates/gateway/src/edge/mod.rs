//! The edge: sockets, TLS and the codec. It turns bytes into [`crate::http::Request`]s and answers back.
//!
//! One current-thread runtime a core, each with its own listening socket (`SO_REUSEPORT`), so that a request stays on
//! its thread from accept to answer. HTTP/1.1 and HTTP/2 are our own; nothing above sees which it was.

pub mod limits;
mod admission;
mod bars;
pub mod counters;
mod load;
pub mod listener;
pub mod tls;
pub mod domains;
pub mod certified_key;
pub mod connection;
mod http1;
mod http2;
mod conduct;
mod body_times;
mod date;
mod own_fields;
mod linger;
mod waking;
pub mod strictness;
pub mod forward_proxy;
mod proxy_protocol;
pub(crate) mod fuzzing;
pub mod workers;

use std::{future::Future, time::Duration};

use crate::http::{Peer, Request, Response};
use strictness::Rule;

pub use certified_key::{CertifiedKeyError, certified_key, check_chain};
pub use counters::EdgeCounters;
pub use domains::DomainConfigs;
pub use forward_proxy::{ForwardProxy, ProxyRoute};
pub use limits::EdgeLimits;
pub use listener::{BindError, Door, Socket};
pub use tls::ServerConfigs;
pub use workers::{EdgeParts, Workers, start};

/// What answers requests. One is made on each worker thread and stays there.
pub trait Answer: 'static {
    /// Answers a request. Every refusal is a response too.
    fn answer(&self, request: Box<Request>) -> impl Future<Output = Response>;

    /// Answers a request that there is no time for: things wait on this thread for `waits`.
    fn overloaded(&self, request: Box<Request>, waits: Duration) -> Response {
        let _unused = (request, waits);
        busy()
    }

    /// Answers what never became a request.
    fn malformed(&self, peer: &Peer, rule: &'static Rule) -> Response {
        let _unused = peer;
        strictness::response(rule)
    }
}

/// The answer where there is no time: 503, and when to come back (RFC 9110 section 15.6.4).
pub(crate) fn busy() -> Response {
    let mut response = Response::full(503, "application/json", "{\"message\":\"Service Unavailable\"}");
    response.headers.push("Retry-After", "1");
    response
}

#[cfg(test)]
mod tests;
