//! One connection's bytes: what was read and not yet understood, and the body of the request at hand.
//!
//! A connection that waits for a request holds no buffer: the first bytes are read onto the stack, and only then is one
//! taken from the thread's.

use std::{
    any::Any,
    cell::RefCell,
    future::Future,
    io,
    mem::MaybeUninit,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use portcullis_egress::{
    Chunked, Deadline, Room, Step,
    socket::{poll_recv, poll_send},
};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::head::BodyFraming;
use crate::{
    edge::{EdgeLimits, body_times::BodyTimes},
    http::BodyError,
};

/// Room for the head of a request, and for a small body behind it.
const READ_BYTES: usize = 8 * 1024;
/// Below this much room the buffer grows (or takes back what nobody holds any more).
const READ_BYTES_MIN: usize = 2 * 1024;
/// Buffers that a thread keeps for connections to come.
const BUFFERS_MAX: usize = 64;
/// A larger one is not kept.
const KEPT_BYTES_MAX: usize = 2 * READ_BYTES;

thread_local! {
    static BUFFERS: RefCell<Vec<BytesMut>> = const { RefCell::new(Vec::new()) };
}

/// What is still to come of the request's body.
#[derive(Debug)]
enum Remaining {
    Over,
    Length(u64),
    Chunks(Chunked),
    Broken,
}

/// The bytes of a connection.
pub(super) struct Wire<S> {
    stream: S,
    pub(super) inbound: BytesMut,
    room: Room,
    remaining: Remaining,
    /// Counts exchanges, so that who still holds the body of an earlier one gets nothing of a later one's.
    exchange: u64,
    /// `100 Continue`, or what of it is still to be written.
    interim: &'static [u8],
    times: BodyTimes,
    /// For the wait for a request, and to look after the client while it waits for its answer.
    pub(super) deadline: Deadline,
}

impl<S> Wire<S> {
    pub(super) fn new(stream: S, limits: &EdgeLimits) -> Self {
        Self {
            stream,
            inbound: BytesMut::new(),
            room: Room::default(),
            remaining: Remaining::Over,
            exchange: 0,
            interim: b"",
            times: BodyTimes::new(limits),
            deadline: Deadline::default(),
        }
    }

    /// Says how the body of a new request follows, and returns the number of the exchange.
    pub(super) fn begin_body(
        &mut self,
        framing: BodyFraming,
        expects_continue: bool,
        limits: &EdgeLimits,
    ) -> u64 {
        self.remaining = match framing {
            BodyFraming::Length(0) => Remaining::Over,
            BodyFraming::Length(length) => Remaining::Length(length),
            BodyFraming::Chunked => Remaining::Chunks(Chunked::new(
                limits.chunk_line_bytes_max,
                limits.trailer_bytes_max,
            )),
        };
        self.interim = if expects_continue {
            b"HTTP/1.1 100 Continue\r\n\r\n"
        } else {
            b""
        };
        self.times.begin();
        self.exchange += 1;
        self.exchange
    }

    /// Takes the whole body if it has come with the head.
    pub(super) fn take_whole(&mut self) -> Option<Bytes> {
        let Remaining::Length(length) = self.remaining else {
            return None;
        };
        let length = usize::try_from(length)
            .ok()
            .filter(|length| *length <= self.inbound.len())?;
        self.remaining = Remaining::Over;
        self.interim = b"";
        Some(self.inbound.split_to(length).freeze())
    }

    /// Tells whether the request has ended, so that another may follow.
    pub(super) const fn is_body_over(&self) -> bool {
        matches!(self.remaining, Remaining::Over)
    }

    /// Tells whether what is left of the body is short, known and on its way.
    pub(super) fn is_rest_short(&self, bytes_max: u64) -> bool {
        self.interim.is_empty() && matches!(self.remaining, Remaining::Length(length) if length <= bytes_max)
    }

    /// Tells whether everything that came was read and nothing more is expected.
    pub(super) fn is_quiet(&self) -> bool {
        self.is_body_over() && self.inbound.is_empty()
    }

    /// Understands nothing more of what comes.
    pub(super) fn give_up(&mut self) {
        self.remaining = Remaining::Broken;
    }

    /// Returns the length of what is still to come of the body, where it is known.
    pub(super) const fn length(&self, exchange: u64) -> Option<u64> {
        match self.remaining {
            Remaining::Length(length) if self.exchange == exchange => Some(length),
            Remaining::Over if self.exchange == exchange => Some(0),
            _ => None,
        }
    }

    /// Gives the buffer back while nothing is to be read into it.
    pub(super) fn rest(&mut self) {
        if !self.inbound.is_empty() {
            return;
        }
        self.room.end(&mut self.inbound);
        let mut buffer = std::mem::take(&mut self.inbound);
        if buffer.capacity() == 0 {
            return;
        }
        BUFFERS.with_borrow_mut(|buffers| {
            if buffers.len() < BUFFERS_MAX
                && buffer.try_reclaim(READ_BYTES_MIN)
                && buffer.capacity() <= KEPT_BYTES_MAX
            {
                buffers.push(buffer);
            }
        });
    }
}

impl<S: 'static> Wire<S> {
    /// Returns the socket where the client speaks clear text over one.
    pub(super) fn socket(&self) -> Option<&TcpStream> {
        let stream: &dyn Any = &self.stream;
        stream.downcast_ref()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + 'static> Wire<S> {
    /// Reads what has come, 0 bytes at the end.
    pub(super) fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.inbound.is_empty() {
            self.room.end(&mut self.inbound);
        }
        if self.inbound.capacity() == 0 {
            return self.poll_first(context);
        }
        if self.inbound.capacity() - self.inbound.len() < READ_BYTES_MIN {
            self.room.make(&mut self.inbound, READ_BYTES as u64);
        }
        pin!(self.stream.read_buf(&mut self.inbound)).poll(context)
    }

    fn poll_first(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if let Some(socket) = self.socket() {
            let received = ready!(poll_recv(socket, context, |received| {
                (!received.is_empty()).then(|| buffer_with(received))
            }))?;
            self.inbound = received.unwrap_or_default();
            return Poll::Ready(Ok(self.inbound.len()));
        }
        let mut room = [MaybeUninit::<u8>::uninit(); READ_BYTES_MIN];
        let mut into = ReadBuf::uninit(&mut room);
        ready!(Pin::new(&mut self.stream).poll_read(context, &mut into))?;
        let read = into.filled();
        if !read.is_empty() {
            self.inbound = buffer_with(read);
        }
        Poll::Ready(Ok(read.len()))
    }

    fn poll_write(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match self.socket() {
            Some(socket) => poll_send(socket, context, bytes),
            None => Pin::new(&mut self.stream).poll_write(context, bytes),
        }
    }

    /// Returns the next piece of the body of `exchange`, none at its end.
    pub(super) fn poll_body(
        &mut self,
        exchange: u64,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, BodyError>>> {
        if exchange != self.exchange {
            return Poll::Ready(Some(Err(BodyError::Broken("its exchange has ended".to_owned()))));
        }
        loop {
            let expected = match self.next_piece() {
                Piece::Data(data) => {
                    self.times.received(data.len());
                    return Poll::Ready(Some(Ok(data)));
                }
                Piece::End => return Poll::Ready(None),
                Piece::Failed(cause) => return Poll::Ready(Some(Err(cause))),
                Piece::More(expected) => expected,
            };
            if !self.interim.is_empty()
                && let Err(cause) = ready!(self.poll_interim(context))
            {
                return Poll::Ready(Some(Err(self.broken(cause.to_string()))));
            }
            self.room.make(&mut self.inbound, expected);
            match pin!(self.stream.read_buf(&mut self.inbound)).poll(context) {
                Poll::Ready(Ok(0)) => {
                    return Poll::Ready(Some(Err(self.broken("the client went away".to_owned()))));
                }
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(cause)) => return Poll::Ready(Some(Err(self.broken(cause.to_string())))),
                Poll::Pending => {
                    ready!(self.times.poll(context));
                    self.remaining = Remaining::Broken;
                    return Poll::Ready(Some(Err(BodyError::TimedOut)));
                }
            }
        }
    }

    /// Returns the next piece of the body at hand.
    pub(super) fn poll_rest(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        self.poll_body(self.exchange, context)
    }

    fn next_piece(&mut self) -> Piece {
        match &mut self.remaining {
            Remaining::Over => Piece::End,
            Remaining::Broken => Piece::Failed(BodyError::Broken("it broke off before".to_owned())),
            Remaining::Length(left) => {
                if self.inbound.is_empty() {
                    return Piece::More(*left);
                }
                let ready = usize::try_from(*left)
                    .unwrap_or(usize::MAX)
                    .min(self.inbound.len());
                *left -= ready as u64;
                if *left == 0 {
                    self.remaining = Remaining::Over;
                }
                Piece::Data(self.inbound.split_to(ready).freeze())
            }
            Remaining::Chunks(chunks) => match chunks.decode(&mut self.inbound) {
                Ok(Step::Data(data)) => Piece::Data(data),
                Ok(Step::More(expected)) => Piece::More(expected),
                Ok(Step::End) => {
                    self.remaining = Remaining::Over;
                    Piece::End
                }
                Err(cause) => Piece::Failed(self.broken(cause.to_string())),
            },
        }
    }

    fn broken(&mut self, cause: String) -> BodyError {
        self.remaining = Remaining::Broken;
        BodyError::Broken(cause)
    }

    fn poll_interim(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.interim.is_empty() {
            let taken = ready!(Pin::new(&mut self.stream).poll_write(context, self.interim))?;
            if taken == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.interim = self.interim.get(taken..).unwrap_or_default();
        }
        Pin::new(&mut self.stream).poll_flush(context)
    }
}

/// Returns a buffer of the thread's that begins with `read`.
fn buffer_with(read: &[u8]) -> BytesMut {
    let kept = BUFFERS.with_borrow_mut(Vec::pop);
    let mut buffer = kept.unwrap_or_else(|| BytesMut::with_capacity(READ_BYTES));
    buffer.extend_from_slice(read);
    buffer
}

enum Piece {
    Data(Bytes),
    End,
    Failed(BodyError),
    /// More must be read; so many bytes are known to come.
    More(u64),
}

/// Writing side of a shared connection, borrowed for one call at a time: what is written may come from its reading side.
pub(super) struct Writer<'w, S>(pub(super) &'w RefCell<Wire<S>>);

impl<S: AsyncRead + AsyncWrite + Unpin + 'static> AsyncWrite for Writer<'_, S> {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.0.borrow_mut().poll_write(context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0.borrow_mut().stream).poll_write_vectored(context, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.0.borrow().stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0.borrow_mut().stream).poll_flush(context)
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0.borrow_mut().stream).poll_shutdown(context)
    }
}
