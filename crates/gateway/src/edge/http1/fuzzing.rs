//! A head taken apart without a connection.

use super::head::{BodyFraming, Scan};
use crate::{
    edge::{
        EdgeLimits,
        fuzzing::{Framing, RequestHead},
    },
    http::Version,
};

/// Returns what the front of `bytes` says, and how long it is; none where it is refused or not whole.
pub(in crate::edge) fn understood(bytes: &[u8], limits: &EdgeLimits) -> Option<(RequestHead, usize)> {
    let read = Scan::default().take(bytes, limits);
    let mut scan = Scan::default();
    if let Ok(None) = scan.take(bytes.get(..1)?, limits) {
        let in_pieces = scan.take(bytes, limits);
        assert_eq!(
            format!("{read:?}"),
            format!("{in_pieces:?}"),
            "in one piece and in two"
        );
    }
    let (head, end) = read.ok()??;
    let understood = RequestHead {
        method: head.method,
        target: head.target,
        authority: head.authority,
        is_http_1_1: head.version == Version::Http11,
        headers: head.headers,
        framing: match head.framing {
            BodyFraming::Length(length) => Framing::Length(length),
            BodyFraming::Chunked => Framing::Chunked,
        },
    };
    Some((understood, end))
}
