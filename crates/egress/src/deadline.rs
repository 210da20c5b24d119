//! A time limit that costs nothing while nobody waits: the timer is set when it is polled first, and moved only when it must be.
//! One that is kept for the next wait is not taken from the runtime's list and put back.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};

use portcullis_model::clock::recent;
use tokio::time::{Instant, Sleep};

/// A limit on waiting.
#[derive(Debug, Default)]
pub struct Deadline {
    until: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
}

impl Deadline {
    /// Sets the limit anew when it is polled next.
    pub const fn clear(&mut self) {
        self.until = None;
    }

    /// Ready `time` after it was polled first since it was cleared.
    pub fn poll(&mut self, context: &mut Context<'_>, time: Duration) -> Poll<()> {
        let until = *self.until.get_or_insert_with(|| Instant::now() + time);
        self.poll_at(context, until)
    }

    /// Ready about `time` after it was polled first since it was cleared: from the latest tick of the thread on.
    pub fn poll_about(&mut self, context: &mut Context<'_>, time: Duration) -> Poll<()> {
        let until = *self
            .until
            .get_or_insert_with(|| Instant::from_std(recent()) + time);
        self.poll_at(context, until)
    }

    /// Ready at `until`.
    pub(crate) fn poll_at(&mut self, context: &mut Context<'_>, until: Instant) -> Poll<()> {
        let timer = self
            .timer
            .get_or_insert_with(|| Box::pin(tokio::time::sleep_until(until)));
        if timer.deadline() > until {
            timer.as_mut().reset(until);
        }
        loop {
            // One that was set for an earlier wait wakes too soon, and is set again.
            ready!(timer.as_mut().poll(context));
            if timer.deadline() >= until {
                return Poll::Ready(());
            }
            timer.as_mut().reset(until);
        }
    }
}
