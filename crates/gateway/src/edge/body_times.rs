//! How slow the body of a request may come.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use tokio::time::{Instant, Sleep};

use super::EdgeLimits;

/// The times of one body after another.
#[derive(Debug)]
pub(super) struct BodyTimes {
    idle: Duration,
    bytes_per_second_min: u64,
    started: Option<Instant>,
    received: u64,
    timer: Option<Pin<Box<Sleep>>>,
    waiting: bool,
}

impl BodyTimes {
    pub(super) fn new(limits: &EdgeLimits) -> Self {
        Self {
            idle: limits.body_idle_time,
            bytes_per_second_min: limits.body_bytes_per_second_min,
            started: None,
            received: 0,
            timer: None,
            waiting: false,
        }
    }

    /// Another body comes.
    pub(super) const fn begin(&mut self) {
        self.started = None;
        self.received = 0;
    }

    /// Bytes of it came.
    pub(super) const fn received(&mut self, bytes: usize) {
        self.waiting = false;
        self.received += bytes as u64;
    }

    /// Ready when the client has kept us waiting too long, once or on the whole. Polled while nothing comes.
    pub(super) fn poll(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if !std::mem::replace(&mut self.waiting, true) {
            let now = Instant::now();
            let started = *self.started.get_or_insert(now);
            let earned = Duration::from_secs(self.received / self.bytes_per_second_min.max(1));
            let until = (now + self.idle).min(started + self.idle + earned);
            match &mut self.timer {
                Some(timer) => timer.as_mut().reset(until),
                None => self.timer = Some(Box::pin(tokio::time::sleep_until(until))),
            }
        }
        match &mut self.timer {
            Some(timer) => timer.as_mut().poll(context),
            None => Poll::Pending,
        }
    }
}
