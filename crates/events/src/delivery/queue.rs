//! What waits, counted: the store keeps it, and there may be only so much of it.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::Waiting;

/// Deliveries that may wait in all; what comes on top is refused when it is put.
pub(crate) const DELIVERIES_WAITING_MAX: usize = 10_000;

/// The way from those who put events to the thread that sends them. Its length is bounded by the count.
pub(crate) struct Queue {
    waiting: AtomicUsize,
    sender: UnboundedSender<Waiting>,
    receiver: Mutex<Option<UnboundedReceiver<Waiting>>>,
}

impl Default for Queue {
    fn default() -> Self {
        let (sender, receiver) = unbounded_channel();
        Self {
            waiting: AtomicUsize::new(0),
            sender,
            receiver: Mutex::new(Some(receiver)),
        }
    }
}

impl Queue {
    /// Keeps room for `count` deliveries; false when there is none.
    pub(crate) fn reserve(&self, count: usize) -> bool {
        let room = |waiting: usize| {
            let after = waiting.checked_add(count)?;
            (after <= DELIVERIES_WAITING_MAX).then_some(after)
        };
        self.waiting
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, room)
            .is_ok()
    }

    /// Gives room back.
    pub(crate) fn release(&self, count: usize) {
        self.waiting.fetch_sub(count, Ordering::Relaxed);
    }

    /// Sends on what has been stored, with room reserved.
    pub(crate) fn add(&self, deliveries: Vec<Waiting>) {
        for delivery in deliveries {
            // Without a receiver the process is ending; the store has it.
            drop(self.sender.send(delivery));
        }
    }

    /// Sends on what an earlier run stored, whatever room there is.
    pub(crate) fn adopt(&self, deliveries: Vec<Waiting>) {
        self.waiting.fetch_add(deliveries.len(), Ordering::Relaxed);
        self.add(deliveries);
    }

    /// Returns the other end, once.
    pub(crate) fn take_arriving(&self) -> Option<UnboundedReceiver<Waiting>> {
        self.receiver
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
    }
}
