//! HTTP/2 on one connection (RFC 9113), within bounds of [`super::conduct`]'s.
//!
//! A [`session`] knows frames and streams, and no socket; here it is given one. What is read lies in memory of the thread's while its
//! frames are taken up; a request runs in a task of its own ([`exchange`]), which leaves its answer with the session; the connection
//! writes what was left by all of them at once.

mod answer;
mod exchange;
mod frame;
mod fuzzing;
mod head;
mod hpack;
mod incoming;
mod pulse;
mod session;
mod stream;
#[cfg(test)]
mod tests;

use std::{
    cell::RefCell,
    future::{Future, poll_fn},
    io,
    pin::{Pin, pin},
    rc::Rc,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf},
    time::{Instant, sleep, timeout},
};

pub(super) use self::fuzzing::played;
use self::{frame::Reason, pulse::Pulse, session::Session};
use super::{
    Answer,
    admission::Judge,
    conduct::{Conduct, Misconduct},
    connection::Shared,
    linger::{LINGER_TIME, hear_out},
};
use crate::{http::Peer, in_place::boxed};

/// Bytes that are read at once.
const READ_BYTES: usize = 32 * 1024;
/// Reads in a row, before whoever waits for an answer has a turn.
const READS_AT_ONCE: u32 = 8;

thread_local! {
    static READ: RefCell<Vec<u8>> = RefCell::new(vec![0; READ_BYTES]);
}

/// Serves requests from `stream` until either side ends it or a stop is asked for.
pub(super) async fn serve<A: Answer>(
    shared: Rc<Shared<A>>,
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    peer: Peer,
    judge: Judge,
) {
    let limits = &shared.limits;
    let conduct = Rc::new(Conduct::new(limits, judge));
    let mut stop = shared.stop.clone();
    let mut stopped = pin!(async move { drop(stop.wait_for(|stop| *stop).await) });
    let mut serving = Serving {
        shared: Rc::clone(&shared),
        peer,
        conduct: Rc::clone(&conduct),
        session: Rc::new(RefCell::new(Session::new(limits))),
        pulse: Pulse::new(limits.head_time),
        stream,
        inbound: Vec::new(),
        is_flushed: true,
    };
    let mut next_look = pin!(sleep(conduct.between_looks()));
    let ended = poll_fn(|context| {
        // First: what misbehaves is not read any further.
        if let Some(judged) = conduct.judged(context) {
            return Poll::Ready(Ended::Judged(judged));
        }
        while next_look.as_mut().poll(context).is_ready() {
            let sent = serving.session.borrow().sent_so_far();
            if let Some(judged) = conduct.look(limits.idle_time, sent) {
                return Poll::Ready(Ended::Judged(judged));
            }
            next_look.as_mut().reset(Instant::now() + conduct.between_looks());
        }
        if let Poll::Ready(ended) = serving.poll(context) {
            return Poll::Ready(ended);
        }
        stopped.as_mut().poll(context).map(|()| Ended::Stopped)
    })
    .await;
    if let Ended::Judged(why) = ended {
        conduct.ends(why);
    }
    match ended {
        Ended::Stopped => {
            serving.session.borrow_mut().leave();
            poll_fn(|context| serving.poll(context)).await;
        }
        Ended::Judged(Misconduct::Idle) => {
            serving.session.borrow_mut().leave();
            drop(timeout(limits.drain_time, poll_fn(|context| serving.poll(context))).await);
        }
        Ended::Faulty => drop(timeout(LINGER_TIME, serving.linger()).await),
        // Closed without a word, which nobody would read.
        Ended::Judged(_) | Ended::ByPeer => {}
    }
    serving.session.borrow_mut().end_streams();
}

enum Ended {
    /// It breaks off, which is the peer's affair, or both have said all.
    ByPeer,
    /// What the client sent cannot be understood, and it was told so.
    Faulty,
    Stopped,
    Judged(Misconduct),
}

/// A connection and what its streams need.
struct Serving<A, S> {
    shared: Rc<Shared<A>>,
    peer: Peer,
    conduct: Rc<Conduct>,
    session: Rc<RefCell<Session>>,
    pulse: Pulse,
    stream: S,
    /// Of a frame that has not come whole.
    inbound: Vec<u8>,
    is_flushed: bool,
}

impl<A: Answer, S: AsyncRead + AsyncWrite + Unpin> Serving<A, S> {
    /// Takes requests up and sends answers; ready when the connection has ended.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Ended> {
        let begun = self.conduct.begun();
        {
            let session = &mut *self.session.borrow_mut();
            session.runs();
            if self.pulse.poll(context, session, begun).is_ready() {
                return Poll::Ready(Ended::ByPeer);
            }
        }
        let ended = self.poll_on(context);
        self.session.borrow_mut().waits(context);
        ended
    }

    fn poll_on(&mut self, context: &mut Context<'_>) -> Poll<Ended> {
        for _ in 0..READS_AT_ONCE {
            if let Poll::Ready(Err(_lost)) = self.poll_write(context) {
                return Poll::Ready(Ended::ByPeer);
            }
            if self.session.borrow().is_over() && self.is_flushed {
                return Pin::new(&mut self.stream)
                    .poll_shutdown(context)
                    .map(|_| Ended::ByPeer);
            }
            if self.session.borrow().is_full() {
                return Poll::Pending;
            }
            match ready!(self.poll_read(context)) {
                Ok(Ok(true)) => {
                    if let Some(judged) = self.conduct.judged(context) {
                        return Poll::Ready(Ended::Judged(judged));
                    }
                }
                Ok(Ok(false)) | Err(_) => return Poll::Ready(Ended::ByPeer),
                Ok(Err(reason)) => {
                    self.session.borrow_mut().fail(reason);
                    return Poll::Ready(match reason {
                        Reason::EnhanceYourCalm => Ended::Judged(Misconduct::Flood),
                        _ => Ended::Faulty,
                    });
                }
            }
        }
        context.waker().wake_by_ref();
        Poll::Pending
    }

    /// Writes what there is to write.
    fn poll_write(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut session = self.session.borrow_mut();
        while !session.unwritten().is_empty() {
            self.is_flushed = false;
            let taken = ready!(Pin::new(&mut self.stream).poll_write(context, session.unwritten()))?;
            if taken == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            session.wrote(taken);
        }
        if !self.is_flushed {
            ready!(Pin::new(&mut self.stream).poll_flush(context))?;
            self.is_flushed = true;
        }
        Poll::Ready(Ok(()))
    }

    /// Reads, and takes up what came; false at the end.
    fn poll_read(&mut self, context: &mut Context<'_>) -> Poll<io::Result<Result<bool, Reason>>> {
        READ.with_borrow_mut(|room| {
            let mut room = ReadBuf::new(room);
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut room))?;
            let read = room.filled();
            let mut inbound = std::mem::take(&mut self.inbound);
            let taken = if inbound.is_empty() {
                self.take(read).map(|used| {
                    self.inbound
                        .extend_from_slice(read.get(used..).unwrap_or_default());
                })
            } else {
                inbound.extend_from_slice(read);
                self.take(&inbound).map(|used| {
                    inbound.drain(..used);
                    if !inbound.is_empty() {
                        self.inbound = inbound;
                    }
                })
            };
            Poll::Ready(Ok(taken.map(|()| !read.is_empty())))
        })
    }

    /// Takes up what is whole of `input`, and returns how much that was. An exchange begins for each request that was not reset in the
    /// same breath.
    fn take(&mut self, input: &[u8]) -> Result<usize, Reason> {
        let limits = &self.shared.limits;
        let mut used = 0;
        let mut all = Vec::new();
        loop {
            let rest = input.get(used..).unwrap_or_default();
            let Some(taken) = self.session.borrow_mut().take(rest)? else {
                break;
            };
            used += taken.bytes;
            let Some(arrived) = taken.arrived else { continue };
            if self.conduct.open_streams() >= limits.streams_max as usize + limits.resets_pending_max {
                return Err(Reason::EnhanceYourCalm);
            }
            all.push((arrived, self.conduct.open()));
        }
        self.session.borrow_mut().begins_all();
        for (arrived, open) in all {
            if !arrived.stream.begins() {
                continue;
            }
            // On the heap at once: an exchange is long, and on its way to its task it is moved a dozen times.
            let (shared, session) = (Rc::clone(&self.shared), Rc::clone(&self.session));
            tokio::task::spawn_local(Box::into_pin(boxed(|| {
                exchange::serve(shared, session, arrived, &self.peer, open)
            })));
        }
        Ok(used)
    }

    /// Ends a connection so that the client can read our last word.
    async fn linger(&mut self) {
        let written = poll_fn(|context| self.poll_write(context)).await;
        if written.is_err() || self.stream.shutdown().await.is_err() {
            return;
        }
        let mut room = vec![0; 4 * 1024];
        hear_out(async || self.stream.read(&mut room).await).await;
    }
}
