//! One connection and what was read from it but not yet understood.

use std::{
    future::Future,
    io,
    mem::MaybeUninit,
    pin::{Pin, pin},
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, Interest, ReadBuf};

use crate::{Deadline, Room, Target, socket::poll_recv, stream::Stream};

/// Room for what does not come with the first read.
const READ_BYTES: usize = 8 * 1024;
/// Room for a small answer, head and body; with less the buffer grows (or takes back what nobody holds any more).
const READ_BYTES_MIN: usize = 2 * 1024;

/// Up to this length what was read is copied: memory that two share is counted, which costs more.
const COPIED_BYTES_MAX: usize = 2 * 1024;

/// Takes so many bytes from the front of what was read.
pub(crate) fn take_front(input: &mut BytesMut, length: usize) -> Bytes {
    // All there is, to the end of its memory, is handed on as it lies: most often a small body, behind its head.
    if length == input.len() && length == input.capacity() {
        return std::mem::take(input).freeze();
    }
    match input.get(..length) {
        Some(front) if length <= COPIED_BYTES_MAX => {
            let copied = Bytes::copy_from_slice(front);
            input.advance(length);
            copied
        }
        _ => input.split_to(length).freeze(),
    }
}

/// A connection to one server.
pub(crate) struct Connection {
    pub(crate) target: Target,
    pub(crate) stream: Stream,
    pub(crate) inbound: BytesMut,
    room: Room,
    /// Served an exchange before: its server may have given it up since.
    pub(crate) reused: bool,
    /// How long it may lie idle, where its server said so.
    pub(crate) keep_alive: Option<Duration>,
    /// For the head of an answer.
    pub(crate) patience: Deadline,
}

impl Connection {
    /// Returns a connection on which nothing was said yet.
    pub(crate) fn new(target: Target, stream: Stream) -> Box<Self> {
        Box::new(Self {
            target,
            stream,
            inbound: BytesMut::new(),
            room: Room::default(),
            reused: false,
            keep_alive: None,
            patience: Deadline::default(),
        })
    }

    /// Reads what has come, 0 bytes at the end.
    pub(crate) fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.inbound.capacity() == 0 {
            return self.poll_first(context);
        }
        if self.inbound.capacity() - self.inbound.len() < READ_BYTES_MIN {
            self.inbound.reserve(READ_BYTES);
        }
        pin!(self.stream.read_buf(&mut self.inbound)).poll(context)
    }

    /// Reads into memory that it gives back at once, so that a small answer is kept in memory of its own size, and one that is waited
    /// for holds none.
    fn poll_first(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if let Stream::Clear(socket) = &self.stream {
            self.inbound = ready!(poll_recv(socket, context, |received| BytesMut::from(received)))?;
            return Poll::Ready(Ok(self.inbound.len()));
        }
        let mut room = [MaybeUninit::<u8>::uninit(); READ_BYTES_MIN];
        let mut into = ReadBuf::uninit(&mut room);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut into))?;
        self.inbound = BytesMut::from(into.filled());
        Poll::Ready(Ok(into.filled().len()))
    }

    /// Reads what has come of a body of which `expected` more bytes are to come, 0 bytes at the end.
    pub(crate) fn poll_fill_long(
        &mut self,
        context: &mut Context<'_>,
        expected: u64,
    ) -> Poll<io::Result<usize>> {
        self.room.make(&mut self.inbound, expected);
        pin!(self.stream.read_buf(&mut self.inbound)).poll(context)
    }

    /// Tells whether an idle connection can be used: still open, and nothing came that nobody asked for.
    ///
    /// What the reactor knows already costs no system call.
    pub(crate) fn is_quiet(&self) -> bool {
        // Something may have come: look. Looking alone would also ask to be woken.
        if self
            .stream
            .socket()
            .try_io(Interest::READABLE, || Ok(()))
            .is_err()
        {
            return true;
        }
        let mut context = Context::from_waker(Waker::noop());
        let mut byte = [0u8; 1];
        self.stream
            .socket()
            .poll_peek(&mut context, &mut ReadBuf::new(&mut byte))
            .is_pending()
    }

    /// Gives up its buffer.
    pub(crate) fn rest(&mut self) {
        self.room.end(&mut self.inbound);
        self.inbound = BytesMut::new();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rest_is_handed_on_as_it_lies_and_what_has_more_behind_it_is_not() {
        let mut input = BytesMut::from(&b"head and body"[..]);
        let place = input.as_ptr();
        let head = take_front(&mut input, 5);
        assert_eq!((&head[..], &input[..]), (&b"head "[..], &b"and body"[..]));
        assert_ne!(head.as_ptr(), place);
        let middle = take_front(&mut input, 4);
        assert_eq!((&middle[..], &input[..]), (&b"and "[..], &b"body"[..]));
        let rest = take_front(&mut input, 4);
        assert_eq!(rest, "body");
        assert_eq!(rest.as_ptr().addr() - place.addr(), 9);
        assert!(input.is_empty() && take_front(&mut input, 0).is_empty());
        // Room behind it is not given away with it.
        let mut input = BytesMut::with_capacity(1024);
        input.extend_from_slice(b"body");
        let place = input.as_ptr();
        assert_eq!(take_front(&mut input, 4), "body");
        assert!(input.is_empty() && input.capacity() >= 1020 && input.as_ptr() != place);
    }
}
