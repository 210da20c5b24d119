//! Whether a client that says nothing is still there (RFC 9113 section 6.7).

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep, sleep};

use super::session::Session;

/// Asks once an interval in which no request came, and gives the client an interval to answer.
pub(super) struct Pulse {
    interval: Duration,
    next: Pin<Box<Sleep>>,
    /// Requests until the last interval.
    begun: u64,
    is_asked: bool,
}

impl Pulse {
    pub(super) fn new(interval: Duration) -> Self {
        Self {
            interval,
            next: Box::pin(sleep(interval)),
            begun: 0,
            is_asked: false,
        }
    }

    /// Ready when the client is gone; `begun` requests have come so far.
    pub(super) fn poll(&mut self, context: &mut Context<'_>, session: &mut Session, begun: u64) -> Poll<()> {
        while self.next.as_mut().poll(context).is_ready() {
            if self.is_asked && !session.has_ponged() {
                return Poll::Ready(());
            }
            self.next.as_mut().reset(Instant::now() + self.interval);
            self.is_asked = std::mem::replace(&mut self.begun, begun) == begun;
            if self.is_asked {
                session.ping();
            }
        }
        Poll::Pending
    }
}
