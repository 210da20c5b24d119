//! What waits, counted: the store keeps it, and there may be only so much of it.

use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::Waiting;

/// Deliveries that may wait in all; what comes on top is refused when it is put.
pub(crate) const DELIVERIES_WAITING_MAX: usize = 10_000;

/// Sealed bytes that may wait in all, likewise: they are in memory as well.
pub(crate) const BYTES_WAITING_MAX: usize = 256 << 20;

/// The way from those who put events to the thread that sends them. Its length is bounded by the count.
pub(crate) struct Queue {
    waiting: AtomicUsize,
    bytes: AtomicUsize,
    sender: UnboundedSender<Waiting>,
    receiver: Mutex<Option<UnboundedReceiver<Waiting>>>,
}

impl Default for Queue {
    fn default() -> Self {
        let (sender, receiver) = unbounded_channel();
        Self {
            waiting: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            sender,
            receiver: Mutex::new(Some(receiver)),
        }
    }
}

impl Queue {
    /// Keeps room for a delivery; false when there is none.
    pub(crate) fn reserve(&self, delivery: &Waiting) -> bool {
        if !take(&self.waiting, 1, DELIVERIES_WAITING_MAX) {
            return false;
        }
        let fits = take(&self.bytes, delivery.sealed.len(), BYTES_WAITING_MAX);
        if !fits {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
        }
        fits
    }

    /// Gives the room of a delivery back.
    pub(crate) fn release(&self, delivery: &Waiting) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
        self.bytes.fetch_sub(delivery.sealed.len(), Ordering::Relaxed);
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
        let bytes = deliveries.iter().map(|delivery| delivery.sealed.len()).sum();
        self.waiting.fetch_add(deliveries.len(), Ordering::Relaxed);
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
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

/// Adds `count` to what is taken, unless that would be more than `max`.
fn take(taken: &AtomicUsize, count: usize, max: usize) -> bool {
    let room = |before: usize| before.checked_add(count).filter(|after| *after <= max);
    taken
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, room)
        .is_ok()
}
