//! Parsers of a stranger's bytes, as fuzz targets call them.

use std::{
    future::Future,
    pin::pin,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use portcullis_model::HeaderList;

use super::{EdgeLimits, http1, proxy_protocol};

/// The head of a request, as it was understood.
#[derive(Debug)]
pub struct RequestHead {
    pub method: Bytes,
    pub target: Bytes,
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

/// Reads what a proxy says first, and says how long it is; none where it is refused or not whole.
pub fn proxy_header(bytes: &[u8]) -> Option<usize> {
    let mut rest = bytes;
    let read = pin!(proxy_protocol::read(&mut rest)).poll(&mut Context::from_waker(Waker::noop()));
    let is_understood = matches!(read, Poll::Ready(Ok(_)));
    is_understood.then(|| bytes.len() - rest.len())
}
