//! Which share of what threads count and keep is a thread's: the first threads have one each, the others share the rest.

use std::{
    cell::Cell,
    sync::atomic::{AtomicU64, AtomicUsize, Ordering},
};

/// Shares in all.
pub(crate) const RINGS: usize = 16;
/// Shares of which one thread alone writes each.
const OWN_RINGS: usize = 8;

/// The share of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ring(usize);

impl Ring {
    /// Returns the share of this thread.
    pub(crate) fn of_thread() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        thread_local! {
            static RING: Cell<Ring> = Cell::new(Ring::nth(NEXT.fetch_add(1, Ordering::Relaxed)));
        }
        RING.with(Cell::get)
    }

    /// Returns the share of the thread that asked as the `thread`-th.
    pub(crate) const fn nth(thread: usize) -> Self {
        match thread.checked_sub(OWN_RINGS) {
            None => Self(thread),
            Some(other) => Self(OWN_RINGS + other % (RINGS - OWN_RINGS)),
        }
    }

    /// Returns its place among all.
    pub(crate) const fn index(self) -> usize {
        self.0
    }

    /// Adds to a counter of this share. A counter that one thread writes needs no locked instruction, of which a request would
    /// wait for twenty.
    pub(crate) fn add(self, counter: &AtomicU64, count: u64) {
        if self.0 < OWN_RINGS {
            let before = counter.load(Ordering::Relaxed);
            counter.store(before.wrapping_add(count), Ordering::Relaxed);
        } else {
            counter.fetch_add(count, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_threads_have_a_share_each_and_others_share_the_rest() {
        let rings: Vec<usize> = (0..40).map(|thread| Ring::nth(thread).index()).collect();
        assert!(rings.iter().all(|ring| *ring < RINGS));
        for own in 0..OWN_RINGS {
            assert_eq!(rings.iter().filter(|ring| **ring == own).count(), 1, "{own}");
        }
        for shared in OWN_RINGS..RINGS {
            assert_eq!(
                rings.iter().filter(|ring| **ring == shared).count(),
                4,
                "{shared}"
            );
        }
    }

    #[test]
    fn nothing_is_lost_of_what_many_threads_count() {
        let counters: Vec<AtomicU64> = (0..RINGS).map(|_| AtomicU64::new(0)).collect();
        std::thread::scope(|scope| {
            for _ in 0..32 {
                scope.spawn(|| {
                    for _ in 0..1_000 {
                        let ring = Ring::of_thread();
                        ring.add(&counters[ring.index()], 2);
                    }
                });
            }
        });
        let sum: u64 = counters
            .iter()
            .map(|counter| counter.load(Ordering::Relaxed))
            .sum();
        assert_eq!(sum, 64_000);
    }
}
