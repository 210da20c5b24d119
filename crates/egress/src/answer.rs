//! An answer and its body. The connection goes back to the pool when the body has ended and nothing is left over.

use std::{
    fmt,
    future::{Future, poll_fn},
    io,
    pin::Pin,
    rc::Rc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::{Bytes, BytesMut};
use portcullis_model::HeaderList;
use tokio::time::{Instant, Sleep};

use crate::{
    EgressError, Limits, Phase,
    chunked::{Chunked, Step},
    connection::{Connection, take_front},
    head::AnswerFraming,
    pipe::Pipe,
    pool::Pool,
    room::LONG_READ_BYTES,
    stream::Stream,
};

/// A shorter rest is copied, in one piece.
const PASSED_BYTES_MIN: u64 = LONG_READ_BYTES as u64;

/// What a server answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    /// As they came, without the fields that belong to the connection.
    pub headers: HeaderList,
    pub body: AnswerBody,
}

/// The body of an answer. Dropped before its end, it closes the connection.
pub struct AnswerBody(State);

enum State {
    Whole(Bytes),
    Stream(Box<Streaming>),
    Ended,
}

struct Streaming {
    connection: Box<Connection>,
    remaining: Remaining,
    /// Read already, given out first.
    first: Option<Bytes>,
    /// Nothing was read but what came with the head.
    fresh: bool,
    persistent: bool,
    pool: Rc<Pool>,
    clock: Waiting,
}

enum Remaining {
    Length(u64),
    Chunks(Chunked),
    UntilClose,
}

/// How long the next piece may take.
pub(crate) struct Waiting {
    pub(crate) deadline: Option<Instant>,
    pub(crate) idle: Duration,
    timer: Option<Pin<Box<Sleep>>>,
    armed: bool,
}

impl AnswerBody {
    /// Returns the body that begins in what `connection` has read. One that is all there frees it at once.
    pub(crate) fn begin(
        mut connection: Box<Connection>,
        framing: AnswerFraming,
        persistent: bool,
        pool: &Rc<Pool>,
        limits: &Limits,
        waiting: impl FnOnce() -> Waiting,
    ) -> Result<Self, EgressError> {
        let mut first = None;
        let remaining = match framing {
            AnswerFraming::Length(length) => match usize::try_from(length) {
                Ok(length) if length <= connection.inbound.len() => {
                    let whole = take_front(&mut connection.inbound, length);
                    release(connection, persistent, pool);
                    return Ok(Self(State::Whole(whole)));
                }
                _ => Remaining::Length(length),
            },
            AnswerFraming::Chunked => {
                let mut chunks = Chunked::new(limits.chunk_line_bytes_max, limits.trailer_bytes_max);
                match chunks.decode(&mut connection.inbound)? {
                    Step::Data(data) => first = Some(data),
                    Step::More(_) => {}
                    Step::End => {
                        release(connection, persistent, pool);
                        return Ok(Self(State::Whole(Bytes::new())));
                    }
                }
                // Many servers send what is small as one chunk.
                if let Some(data) = first.take() {
                    match chunks.decode(&mut connection.inbound)? {
                        Step::End => {
                            release(connection, persistent, pool);
                            return Ok(Self(State::Whole(data)));
                        }
                        Step::Data(next) => first = Some(joined(&data, &next)),
                        Step::More(_) => first = Some(data),
                    }
                }
                Remaining::Chunks(chunks)
            }
            AnswerFraming::UntilClose => Remaining::UntilClose,
        };
        Ok(Self(State::Stream(Box::new(Streaming {
            connection,
            remaining,
            first,
            fresh: true,
            persistent,
            pool: Rc::clone(pool),
            clock: waiting(),
        }))))
    }

    /// Polls for the next piece, none at the end.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, EgressError>>> {
        let State::Stream(streaming) = &mut self.0 else {
            return match std::mem::replace(&mut self.0, State::Ended) {
                State::Whole(whole) if !whole.is_empty() => Poll::Ready(Some(Ok(whole))),
                _ => Poll::Ready(None),
            };
        };
        let next = match streaming.poll_next(context) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(next) => next,
        };
        let clean = match &next {
            Ok(Some(_)) => matches!(streaming.remaining, Remaining::Length(0)),
            Ok(None) => true,
            Err(_) => false,
        };
        if clean || next.is_err() {
            self.end(clean);
        }
        Poll::Ready(next.transpose())
    }

    /// Ends a stream; after a clean end its connection can serve again.
    fn end(&mut self, clean: bool) {
        if let State::Stream(streaming) = std::mem::replace(&mut self.0, State::Ended)
            && clean
        {
            let Streaming {
                connection,
                persistent,
                pool,
                ..
            } = *streaming;
            release(connection, persistent, &pool);
        }
    }

    /// Tells whether what is to come is long, of a known length, and comes in clear text: then it can pass unread.
    pub fn can_pass(&self) -> bool {
        let State::Stream(streaming) = &self.0 else {
            return false;
        };
        let Streaming {
            connection,
            remaining: Remaining::Length(left),
            first: None,
            ..
        } = &**streaming
        else {
            return false;
        };
        let is_clear = matches!(connection.stream, Stream::Clear(_));
        is_clear && left.saturating_sub(connection.inbound.len() as u64) >= PASSED_BYTES_MIN
    }

    /// Takes what was read with the head of a body that [can pass](Self::can_pass).
    pub fn take_read(&mut self) -> Bytes {
        match &mut self.0 {
            State::Stream(streaming) => streaming.take_read(),
            State::Whole(_) | State::Ended => Bytes::new(),
        }
    }

    /// Moves more of a body that [can pass](Self::can_pass), of which nothing is left that was read, into the empty `pipe`;
    /// false at the end.
    pub fn poll_pass(
        &mut self,
        context: &mut Context<'_>,
        pipe: &mut Pipe,
    ) -> Poll<Result<bool, EgressError>> {
        let State::Stream(streaming) = &mut self.0 else {
            return Poll::Ready(Ok(false));
        };
        let passed = ready!(streaming.poll_pass(context, pipe));
        match passed {
            Ok(0) => self.end(true),
            Ok(_) => {}
            Err(_) => self.end(false),
        }
        Poll::Ready(passed.map(|_| true))
    }

    /// Returns the next piece, none at the end.
    pub async fn next(&mut self) -> Option<Result<Bytes, EgressError>> {
        poll_fn(|context| self.poll_next(context)).await
    }

    /// Returns the length in bytes of what is still to come, where it is known.
    pub fn length(&self) -> Option<u64> {
        match &self.0 {
            State::Whole(whole) => Some(whole.len() as u64),
            State::Stream(streaming) => match streaming.remaining {
                Remaining::Length(left) => Some(left),
                Remaining::Chunks(_) | Remaining::UntilClose => None,
            },
            State::Ended => Some(0),
        }
    }

    /// Takes the whole body where it has been read already, as that of a small answer.
    pub fn take_whole(&mut self) -> Option<Bytes> {
        match std::mem::replace(&mut self.0, State::Ended) {
            State::Whole(whole) => Some(whole),
            State::Ended => Some(Bytes::new()),
            stream @ State::Stream(_) => {
                self.0 = stream;
                None
            }
        }
    }

    /// Reads all of it, up to `limit_bytes`.
    pub async fn read_whole(&mut self, limit_bytes: usize) -> Result<Bytes, EgressError> {
        let too_large = || EgressError::TooLarge { limit_bytes };
        if self.length().is_some_and(|length| length > limit_bytes as u64) {
            return Err(too_large());
        }
        if let Some(whole) = self.take_whole() {
            return Ok(whole);
        }
        let mut whole = BytesMut::new();
        while let Some(piece) = self.next().await {
            let piece = piece?;
            if whole.len().saturating_add(piece.len()) > limit_bytes {
                return Err(too_large());
            }
            whole.extend_from_slice(&piece);
        }
        Ok(whole.freeze())
    }
}

impl fmt::Debug for AnswerBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "AnswerBody({:?} bytes)", self.length())
    }
}

impl Streaming {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, EgressError>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Ok(Some(first)));
        }
        if std::mem::take(&mut self.fresh) {
            self.poll_more(context)?;
        }
        loop {
            let expected = match self.decode()? {
                Step::Data(data) => {
                    self.clock.armed = false;
                    return Poll::Ready(Ok(Some(data)));
                }
                Step::End => return Poll::Ready(Ok(None)),
                Step::More(expected) => expected,
            };
            match self.connection.poll_fill_long(context, expected) {
                Poll::Pending => return self.clock.poll_elapsed(context).map(Err),
                Poll::Ready(Ok(0)) if matches!(self.remaining, Remaining::UntilClose) => {
                    return Poll::Ready(Ok(None));
                }
                Poll::Ready(Ok(0)) => {
                    return Poll::Ready(Err(EgressError::Broken(io::ErrorKind::UnexpectedEof.into())));
                }
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(cause)) => return Poll::Ready(Err(EgressError::Broken(cause))),
            }
        }
    }

    /// Reads more behind the little that came with the head of a long body, if it is there: one piece instead of two.
    fn poll_more(&mut self, context: &mut Context<'_>) -> Result<(), EgressError> {
        let Remaining::Length(left) = self.remaining else {
            return Ok(());
        };
        let left = left.saturating_sub(self.connection.inbound.len() as u64);
        if left <= LONG_READ_BYTES as u64 || self.connection.inbound.is_empty() {
            return Ok(());
        }
        match self.connection.poll_fill_long(context, left) {
            Poll::Ready(Err(cause)) => Err(EgressError::Broken(cause)),
            // An end that comes too early is found again when this has been given out.
            Poll::Ready(Ok(_)) | Poll::Pending => Ok(()),
        }
    }

    fn take_read(&mut self) -> Bytes {
        let Remaining::Length(left) = &mut self.remaining else {
            return Bytes::new();
        };
        self.fresh = false;
        let read = self.connection.inbound.split().freeze();
        *left = left.saturating_sub(read.len() as u64);
        read
    }

    /// Returns how much is left behind what was moved.
    fn poll_pass(&mut self, context: &mut Context<'_>, pipe: &mut Pipe) -> Poll<Result<u64, EgressError>> {
        let (Remaining::Length(left), Stream::Clear(socket)) = (&mut self.remaining, &self.connection.stream)
        else {
            return Poll::Ready(Err(EgressError::Protocol("it cannot pass unread")));
        };
        let moved = match pipe.poll_fill(context, socket, *left) {
            Poll::Pending => return self.clock.poll_elapsed(context).map(Err),
            Poll::Ready(Ok(0)) => Err(io::ErrorKind::UnexpectedEof.into()),
            Poll::Ready(moved) => moved,
        };
        Poll::Ready(moved.map_err(EgressError::Broken).map(|moved| {
            self.clock.armed = false;
            *left = left.saturating_sub(moved as u64);
            *left
        }))
    }

    fn decode(&mut self) -> Result<Step, EgressError> {
        let inbound = &mut self.connection.inbound;
        match &mut self.remaining {
            Remaining::Chunks(chunks) => Ok(chunks.decode(inbound)?),
            Remaining::Length(0) => Ok(Step::End),
            Remaining::Length(left) => {
                if inbound.is_empty() {
                    return Ok(Step::More(*left));
                }
                let ready = usize::try_from(*left).unwrap_or(usize::MAX).min(inbound.len());
                *left -= ready as u64;
                Ok(Step::Data(inbound.split_to(ready).freeze()))
            }
            Remaining::UntilClose if inbound.is_empty() => Ok(Step::More(LONG_READ_BYTES as u64)),
            Remaining::UntilClose => Ok(Step::Data(inbound.split().freeze())),
        }
    }
}

impl Waiting {
    /// Returns the limits of a body: `idle` between two pieces, and a `deadline` for all of it.
    pub(crate) const fn new(deadline: Option<Instant>, idle: Duration) -> Self {
        Self {
            deadline,
            idle,
            timer: None,
            armed: false,
        }
    }

    /// Called while nothing has come. The timer starts with the first wait, so what is there costs none.
    fn poll_elapsed(&mut self, context: &mut Context<'_>) -> Poll<EgressError> {
        if !self.armed {
            let idle_until = Instant::now() + self.idle;
            let until = self
                .deadline
                .map_or(idle_until, |deadline| deadline.min(idle_until));
            match &mut self.timer {
                Some(timer) => timer.as_mut().reset(until),
                None => self.timer = Some(Box::pin(tokio::time::sleep_until(until))),
            }
            self.armed = true;
        }
        match &mut self.timer {
            Some(timer) => timer
                .as_mut()
                .poll(context)
                .map(|()| EgressError::TimedOut(Phase::Body)),
            None => Poll::Pending,
        }
    }
}

/// Gives the connection back if it can serve again: what is left over would be taken for the next answer.
fn release(connection: Box<Connection>, persistent: bool, pool: &Pool) {
    if persistent && connection.inbound.is_empty() {
        pool.put(connection);
    }
}

fn joined(first: &[u8], second: &[u8]) -> Bytes {
    Bytes::from([first, second].concat())
}
