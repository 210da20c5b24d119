//! What one key has used of one plan: its buckets, the counter of its quota, and requests a day.

use std::{
    mem,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use portcullis_model::{Timestamp, resources::usage_plans::DayOfUsage};

use super::{
    bucket::Bucket,
    quota::{Count, Counter, day_of},
};

/// The meter of a key in a plan. It outlives changes of both.
#[derive(Default)]
pub(crate) struct Meter {
    /// Over all stages of the plan.
    pub(crate) bucket: Arc<Bucket>,
    /// By API, stage and method, where the plan has a throttle of its own.
    overrides: papaya::HashMap<Arc<str>, Arc<Bucket>>,
    /// Since the quota's period began.
    pub(crate) period: Counter,
    day: Counter,
    /// Days that ended since the last writing.
    ended: Mutex<Vec<Count>>,
    changed: AtomicBool,
}

impl Meter {
    /// Returns the bucket of one method; made at its first request.
    pub(crate) fn method_bucket(&self, name: &Arc<str>) -> Arc<Bucket> {
        let overrides = self.overrides.pin();
        Arc::clone(overrides.get_or_insert_with(Arc::clone(name), Arc::default))
    }

    /// Counts an admitted request.
    pub(crate) fn count(&self, now: Timestamp) {
        let today = day_of(now);
        if let Ok(before) = self.day.take(today, u32::MAX)
            && before.since < today
            && before.used > 0
        {
            self.ended
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(before);
        }
        self.mark();
    }

    /// Sets what the quota counts; the next writing keeps it.
    pub(crate) fn set_period(&self, count: Count) {
        self.period.set(count);
        self.mark();
    }

    /// Goes on where an earlier process stopped.
    pub(crate) fn restore(&self, usage: &DayOfUsage) {
        if self.day.count().since <= usage.day {
            self.day.set(Count {
                since: usage.day,
                used: usage.used,
            });
            self.period.set(Count {
                since: usage.period,
                used: usage.period_used,
            });
        }
    }

    /// Returns the days that changed since the last call.
    pub(crate) fn take_changes(&self, now: Timestamp) -> Vec<DayOfUsage> {
        if !self.changed.swap(false, Ordering::Relaxed) {
            return Vec::new();
        }
        // Days that ended first: one that ends right after is reported by the next call, with its last count.
        let mut days = mem::take(&mut *self.ended.lock().unwrap_or_else(PoisonError::into_inner));
        let period = self.period.count();
        let today = self.day.count();
        // A quota that was set before any request of the day still has to be kept.
        days.push(Count {
            since: if today.since == 0 {
                day_of(now)
            } else {
                today.since
            },
            ..today
        });
        days.iter()
            .map(|day| DayOfUsage {
                day: day.since,
                used: day.used,
                period: period.since,
                period_used: period.used,
            })
            .collect()
    }

    /// Lets the next call of [`take_changes`](Self::take_changes) return the day once more: it could not be written.
    pub(crate) fn mark(&self) {
        // Reading is cheaper than writing what all workers share.
        if !self.changed.load(Ordering::Relaxed) {
            self.changed.store(true, Ordering::Relaxed);
        }
    }
}
