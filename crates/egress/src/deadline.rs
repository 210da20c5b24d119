//! A time limit that costs nothing while nobody waits: the timer is set when it is polled first, and moved only when it must be.
//! One that is kept for the next wait is not taken from the runtime's list and put back.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, Waker, ready},
    time::Duration,
};

use portcullis_model::clock::recent;
use tokio::time::{Instant, Sleep};

/// A limit on waiting.
#[derive(Debug, Default)]
pub struct Deadline {
    until: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
    /// Whom the timer wakes, where one task waits again and again: it need not be told each time.
    wakes: Option<Waker>,
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
        self.poll_set(context, until)
    }

    /// Has the task woken before about `time` has gone by: by a timer that is set for sooner, if there is one. Ready where that is past,
    /// and nothing wakes it.
    pub fn wake_within(&mut self, context: &mut Context<'_>, time: Duration) -> Poll<()> {
        let until = Instant::from_std(recent()) + time;
        self.poll_set(context, until)
    }

    /// Ready at `until`; a timer that will wake the task already is let be.
    fn poll_set(&mut self, context: &mut Context<'_>, until: Instant) -> Poll<()> {
        let is_set = |timer: &Pin<Box<Sleep>>| timer.deadline() <= until && !timer.is_elapsed();
        let wakes_us = |waker: &Waker| waker.will_wake(context.waker());
        if self.timer.as_ref().is_some_and(is_set) && self.wakes.as_ref().is_some_and(wakes_us) {
            return Poll::Pending;
        }
        let waited = self.poll_at(context, until);
        self.wakes = waited.is_pending().then(|| context.waker().clone());
        waited
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

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use super::*;

    const TIME: Duration = Duration::from_millis(30);

    /// Waits until the limit, woken every few milliseconds by something else, and returns how long it took.
    async fn wait(deadline: &mut Deadline) -> Duration {
        let started = Instant::now();
        deadline.clear();
        let mut other = Box::pin(tokio::time::sleep(Duration::from_millis(5)));
        poll_fn(|context| {
            if other.as_mut().poll(context).is_ready() {
                other.as_mut().reset(Instant::now() + Duration::from_millis(5));
                let _registered = other.as_mut().poll(context);
            }
            deadline.poll_about(context, TIME)
        })
        .await;
        started.elapsed()
    }

    #[tokio::test]
    async fn limit_that_is_kept_wakes_its_task_each_time() {
        let mut deadline = Deadline::default();
        for _ in 0..3 {
            assert!(wait(&mut deadline).await >= TIME);
        }
    }

    #[tokio::test]
    async fn who_asks_to_be_woken_is_woken_whatever_the_timer_was_set_for() {
        let mut deadline = Deadline::default();
        let later = Duration::from_secs(600);
        poll_fn(|context| {
            assert!(deadline.poll_about(context, later).is_pending());
            Poll::Ready(())
        })
        .await;
        for _ in 0..3 {
            let mut polls = 0;
            let woken = poll_fn(|context| {
                polls += 1;
                if polls > 1 {
                    return Poll::Ready(());
                }
                deadline.wake_within(context, TIME)
            });
            tokio::time::timeout(Duration::from_secs(5), woken).await.unwrap();
        }
        let mut waits = std::pin::pin!(poll_fn(|context| deadline.poll_about(context, later)));
        assert!(
            tokio::time::timeout(TIME * 3, &mut waits).await.is_err(),
            "the limit is what it was"
        );
    }

    #[tokio::test]
    async fn limit_that_another_task_has_polled_wakes_the_one_that_waits() {
        let mut deadline = Deadline::default();
        let waker = std::task::Waker::noop();
        let mut nobody = Context::from_waker(waker);
        assert!(deadline.poll_about(&mut nobody, TIME).is_pending());
        let waited = poll_fn(|context| deadline.poll_about(context, TIME));
        tokio::time::timeout(Duration::from_secs(5), waited)
            .await
            .unwrap();
    }
}
