//! Parsers of a stranger's bytes, as fuzz targets call them.

use std::{
    future::Future,
    pin::pin,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use portcullis_model::HeaderList;

use super::{EdgeLimits, http1, http2, proxy_protocol};

/// The head of a request, as it was understood.
#[derive(Debug)]
pub struct RequestHead {
    pub method: Bytes,
    pub target: Bytes,
    pub authority: Arc<str>,
    pub is_http_1_1: bool,
    pub headers: HeaderList,
    pub framing: Framing,
}

/// How its body follows.
#[derive(Debug, PartialEq, Eq)]
pub enum Framing {
    Length(u64),
    Chunked,
}

/// Reads the head at the front of `bytes`, and says how long it is; none where it is refused or not whole.
pub fn request_head(bytes: &[u8]) -> Option<(RequestHead, usize)> {
    http1::understood(bytes, &EdgeLimits::default())
}

/// What a client of HTTP/2 asked for.
#[derive(Debug, Default)]
pub struct Http2Session {
    /// With the numbers of their streams.
    pub requests: Vec<(u32, RequestHead)>,
    /// Those whose streams ended before their time.
    pub ended: Vec<u32>,
    /// The code with which the connection ended, where it did.
    pub failed: Option<u32>,
}

/// Takes up what a client says behind its greeting, at most `piece` bytes at a time; what it asks is answered at once, or not at all.
pub fn http2_session(said: &[u8], piece: usize, is_answered: bool) -> Http2Session {
    http2::played(said, piece, is_answered, &EdgeLimits::default())
}

/// Reads what a proxy says first, and says how long it is; none where it is refused or not whole.
pub fn proxy_header(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    let read = pin!(proxy_protocol::read(&mut rest)).poll(&mut Context::from_waker(Waker::noop()));
    let is_understood = matches!(read, Poll::Ready(Ok(_)));
    is_understood.then(|| bytes.len() - rest.len())
}
