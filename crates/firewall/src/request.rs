//! What the firewall sees of a request: borrowed, as on the wire, nothing decoded.

use std::net::IpAddr;

use portcullis_model::HeaderList;

/// A request under inspection.
#[derive(Clone, Copy, Debug)]
pub struct RequestView<'a> {
    pub method: &'a str,
    /// As on the wire, without the query.
    pub path: &'a str,
    /// As on the wire, without the question mark; empty when there is none.
    pub query: &'a str,
    pub headers: &'a HeaderList,
    pub body: BodyView<'a>,
    /// The peer, or what trusted proxies say.
    pub source: IpAddr,
    /// `HTTP/1.1`, `HTTP/2.0`, …
    pub http_version: &'a str,
}

/// The beginning of a body.
#[derive(Clone, Copy, Debug, Default)]
pub struct BodyView<'a> {
    /// At least as many bytes as the web ACL asked for, or all there are.
    pub prefix: &'a [u8],
    /// Tells that the body has more bytes than `prefix`.
    pub has_more: bool,
}

/// How much of a body must be read before an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum BodyNeed {
    None,
    /// The first so many bytes.
    Prefix(usize),
}
