//! Sends a message while the other side may already talk: a state machine that is polled beside the reader.

use std::{
    io::{self, IoSlice, Write},
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Buf, Bytes};
use tokio::io::AsyncWrite;

use crate::OutgoingBody;

/// A body up to this size is copied behind the head; a longer one is written from where it lies.
const SMALL_BODY_BYTES: usize = 16 * 1024;

/// How a body follows its head (RFC 9112 section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    None,
    Length(u64),
    Chunked,
    /// The end of the connection is the end of the body.
    UntilClose,
}

/// Why sending ended early.
pub enum SendError {
    /// The connection does not take it; an answer may have come all the same.
    Connection,
    /// The body failed, or is not as long as announced; why.
    Body(String),
}

/// A message on its way out.
pub struct Sending<'a> {
    /// Head, and between chunks their framing.
    out: Vec<u8>,
    written: usize,
    /// Written after `out`.
    tail: Bytes,
    rest: Rest<'a>,
}

enum Rest<'a> {
    /// Everything is in `out` and `tail`.
    Nothing,
    Length(&'a mut dyn OutgoingBody, u64),
    UntilClose(&'a mut dyn OutgoingBody),
    Chunks {
        body: &'a mut dyn OutgoingBody,
        /// The end of the chunk before is still to be written.
        open: bool,
    },
}

impl<'a> Sending<'a> {
    /// Sends `head`, then `body`.
    pub fn new(head: Vec<u8>, framing: Framing, body: &'a mut dyn OutgoingBody) -> Self {
        let mut sending = Self {
            out: head,
            written: 0,
            tail: Bytes::new(),
            rest: Rest::Nothing,
        };
        if framing == Framing::None {
            return sending;
        }
        if let Some(whole) = body.whole() {
            if whole.len() <= SMALL_BODY_BYTES {
                sending.out.extend_from_slice(whole);
            } else {
                sending.tail = whole.clone();
            }
            return sending;
        }
        sending.rest = match framing {
            Framing::None | Framing::Length(0) => Rest::Nothing,
            Framing::Length(length) => Rest::Length(body, length),
            Framing::Chunked => Rest::Chunks { body, open: false },
            Framing::UntilClose => Rest::UntilClose(body),
        };
        sending
    }

    /// Sends on; ready when all has been handed to the system.
    pub fn poll(
        &mut self,
        context: &mut Context<'_>,
        stream: &mut (impl AsyncWrite + Unpin),
    ) -> Poll<Result<(), SendError>> {
        loop {
            // Before the head is written: what the body has ready leaves with it.
            let waits_for_body = self.tail.is_empty() && self.poll_body(context).map_err(SendError::Body)?;
            if self.has_unwritten() {
                ready!(self.poll_write(context, stream)).map_err(|_| SendError::Connection)?;
            } else if waits_for_body {
                ready!(Pin::new(stream).poll_flush(context)).map_err(|_| SendError::Connection)?;
                return Poll::Pending;
            } else if matches!(self.rest, Rest::Nothing) {
                return Pin::new(stream)
                    .poll_flush(context)
                    .map_err(|_| SendError::Connection);
            }
        }
    }

    /// Returns the buffer for another request.
    pub fn into_buffer(self) -> Vec<u8> {
        self.out
    }

    fn has_unwritten(&self) -> bool {
        self.written < self.out.len() || !self.tail.is_empty()
    }

    /// Asks the body for its next piece; true when there is none yet.
    fn poll_body(&mut self, context: &mut Context<'_>) -> Result<bool, String> {
        let next = match &mut self.rest {
            Rest::Nothing => return Ok(false),
            Rest::Length(body, _) | Rest::Chunks { body, .. } | Rest::UntilClose(body) => {
                body.poll_next(context)
            }
        };
        match next {
            Poll::Pending => Ok(true),
            Poll::Ready(Some(Ok(piece))) => self.add(piece).map(|()| false),
            Poll::Ready(Some(Err(cause))) => Err(cause),
            Poll::Ready(None) => self.end().map(|()| false),
        }
    }

    fn add(&mut self, piece: Bytes) -> Result<(), String> {
        if piece.is_empty() {
            // An empty chunk would end the body.
            return Ok(());
        }
        match &mut self.rest {
            Rest::Nothing | Rest::UntilClose(_) => {}
            Rest::Length(_, remaining) => {
                let Some(left) = remaining.checked_sub(piece.len() as u64) else {
                    return Err("it is longer than announced".to_owned());
                };
                *remaining = left;
            }
            Rest::Chunks { open, .. } => {
                let before = if std::mem::replace(open, true) { "\r\n" } else { "" };
                // Writing into memory does not fail.
                let _written = write!(self.out, "{before}{:x}\r\n", piece.len());
            }
        }
        self.tail = piece;
        Ok(())
    }

    fn end(&mut self) -> Result<(), String> {
        match std::mem::replace(&mut self.rest, Rest::Nothing) {
            Rest::Length(_, remaining) if remaining > 0 => {
                return Err("it is shorter than announced".to_owned());
            }
            Rest::Nothing | Rest::Length(..) | Rest::UntilClose(_) => {}
            Rest::Chunks { open, .. } => {
                let end: &[u8] = if open { b"\r\n0\r\n\r\n" } else { b"0\r\n\r\n" };
                self.out.extend_from_slice(end);
            }
        }
        Ok(())
    }

    fn poll_write(
        &mut self,
        context: &mut Context<'_>,
        stream: &mut (impl AsyncWrite + Unpin),
    ) -> Poll<io::Result<()>> {
        let head = self.out.get(self.written..).unwrap_or_default();
        let stream = Pin::new(stream);
        let taken = ready!(match (head.is_empty(), self.tail.is_empty()) {
            (true, _) => stream.poll_write(context, &self.tail),
            (false, true) => stream.poll_write(context, head),
            (false, false) =>
                stream.poll_write_vectored(context, &[IoSlice::new(head), IoSlice::new(&self.tail)]),
        })?;
        if taken == 0 {
            return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
        }
        let of_head = taken.min(head.len());
        self.written += of_head;
        self.tail.advance((taken - of_head).min(self.tail.len()));
        if self.tail.is_empty() {
            // Its room is free for the next piece.
            self.tail = Bytes::new();
        }
        if self.written >= self.out.len() {
            self.out.clear();
            self.written = 0;
        }
        Poll::Ready(Ok(()))
    }
}
