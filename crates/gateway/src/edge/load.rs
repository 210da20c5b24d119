//! Whether a worker keeps up: how long what is ready waits until its thread comes to it.
//!
//! A thread that has more to do than it can lets everybody wait, until all time out and nobody is served. Past a bound it turns
//! new requests away at once, which costs next to nothing, and serves those that it has.

use std::{cell::Cell, rc::Rc, sync::Arc, time::Duration};

use portcullis_model::clock::tick;
use tokio::time::Instant;

use super::EdgeCounters;

/// Between two readings.
const INTERVAL: Duration = Duration::from_millis(50);

/// How long things wait on one thread.
#[derive(Debug, Default)]
pub(crate) struct Load {
    waited: Cell<Duration>,
    before: Cell<Duration>,
}

impl Load {
    /// Returns how long things wait, when that is longer than `bound`. Two readings in a row must say so: one alone may be a
    /// machine that slept.
    pub(crate) fn over(&self, bound: Duration) -> Option<Duration> {
        let waits = self.waited.get().min(self.before.get());
        (waits > bound).then_some(waits)
    }

    /// Reads on, until the thread ends; each reading is a tick of the thread.
    pub(crate) async fn watch(self: Rc<Self>, counters: Arc<EdgeCounters>) {
        loop {
            let due = Instant::now() + INTERVAL;
            tokio::time::sleep_until(due).await;
            let now = Instant::now();
            tick(now.into_std());
            let waited = now.saturating_duration_since(due);
            counters.waited(waited);
            self.note(waited);
        }
    }

    fn note(&self, waited: Duration) {
        self.before.set(self.waited.replace(waited));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_long_wait_is_no_load_and_two_are() {
        let load = Load::default();
        let bound = Duration::from_millis(500);
        let long = Duration::from_secs(3);
        load.note(long);
        assert_eq!(load.over(bound), None);
        load.note(long * 2);
        assert_eq!(load.over(bound), Some(long));
        load.note(Duration::ZERO);
        assert_eq!(load.over(bound), None);
    }
}
