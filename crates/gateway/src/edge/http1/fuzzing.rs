//! A head taken apart without a connection.

use super::head::{self, BodyFraming, Scan};
use crate::{
    edge::{
        EdgeLimits,
        fuzzing::{Framing, RequestHead},
    },
    http::Version,
};

/// Returns what the front of `bytes` says, and how long it is; none where it is refused or not whole.
pub(in crate::edge) fn understood(bytes: &[u8], limits: &EdgeLimits) -> Option<(RequestHead, usize)> {
    let end = Scan::default().end(bytes, limits).ok()??;
    let head = head::parse(bytes.get(..end)?, limits).ok()?;
    let understood = RequestHead {
        method: head.method,
        target: head.target,
        is_http_1_1: head.version == Version::Http11,
        headers: head.headers,
        framing: match head.framing {
            BodyFraming::Length(length) => Framing::Length(length),
            BodyFraming::Chunked => Framing::Chunked,
        },
    };
    Some((understood, end))
}
