//! What a message carries. Whoever has it in memory says so, and it leaves with the head in one write.

use std::task::{Context, Poll};

use bytes::Bytes;

/// The body of a message on its way out; stays on its thread.
pub trait OutgoingBody {
    /// Returns the length in bytes where it is known; without one the body is sent in chunks.
    fn length(&self) -> Option<u64>;

    /// Returns the next piece, none at the end. Not asked again after the end or an error.
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, String>>>;

    /// Returns all of it where it is in memory; then `poll_next` is never asked, and the request can be repeated.
    fn whole(&self) -> Option<&Bytes> {
        None
    }
}

impl OutgoingBody for Bytes {
    fn length(&self) -> Option<u64> {
        Some(self.len() as u64)
    }

    fn poll_next(&mut self, _context: &mut Context<'_>) -> Poll<Option<Result<Bytes, String>>> {
        let all = std::mem::take(self);
        Poll::Ready(if all.is_empty() { None } else { Some(Ok(all)) })
    }

    fn whole(&self) -> Option<&Bytes> {
        Some(self)
    }
}
