//! What one key has used of one plan: its buckets, the counter of its quota with what is granted of it, and requests a day.
//!
//! A quota is counted in memory and granted in *leases*: so many requests more, on disk before the first of them is admitted
//! ([`leases`](super::leases)). Whoever finds a meter again after a crash goes on behind the last lease, so that never more than
//! the quota is admitted, and at most one lease less.

use std::{
    mem,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
};

use arc_swap::{ArcSwapOption, Guard};
use portcullis_model::{Timestamp, resources::usage_plans::DayOfUsage};

use super::{
    PlanSlot,
    bucket::Bucket,
    quota::{Count, Counter, Shortage, day_of},
};

/// Below so many requests no lease is asked for ahead: a short one is waited for.
const AHEAD_MIN: u32 = 8;

/// Returns how many requests of a quota one lease holds: a hundredth, at least 1, at most 1,000.
pub(crate) fn lease_of(limit: u32) -> u32 {
    (limit / 100).clamp(1, super::LEASE_REQUESTS_MAX)
}

/// The meter of a key in a plan. It outlives changes of both. There may be a million, so what few need is apart.
pub(crate) struct Meter {
    pub(crate) plan: Arc<PlanSlot>,
    /// Over all stages of the plan.
    pub(crate) bucket: Bucket,
    /// Since the quota's period began.
    period: Counter,
    /// How far `period` may count: what is on disk already.
    granted: Counter,
    day: Counter,
    rare: ArcSwapOption<Rare>,
    changed: AtomicBool,
    /// A lease is asked for ahead.
    asked: AtomicBool,
    /// Whether the key itself opens anything: kept here, where it takes no room.
    pub(super) enabled: AtomicBool,
}

/// What most meters never need.
#[derive(Default)]
struct Rare {
    /// By API, stage and method, where the plan has a throttle of its own.
    overrides: papaya::HashMap<Arc<str>, Arc<Bucket>>,
    /// Days that ended since the last writing.
    ended: Mutex<Vec<Count>>,
}

/// What a meter says of a request.
pub(crate) enum Counted {
    /// It is counted. With `true` a lease should be asked for, before this one ends.
    Taken(bool),
    UsedUp,
    /// The lease is used up, or the period is another: nothing may be admitted before the next lease.
    NeedsLease,
}

impl Meter {
    pub(crate) fn new(plan: Arc<PlanSlot>, is_enabled: bool) -> Self {
        Self {
            plan,
            bucket: Bucket::default(),
            period: Counter::default(),
            granted: Counter::default(),
            day: Counter::default(),
            rare: ArcSwapOption::empty(),
            changed: AtomicBool::new(false),
            asked: AtomicBool::new(false),
            enabled: AtomicBool::new(is_enabled),
        }
    }

    /// Made at its first use; of two that are made at once one counts.
    fn rare(&self) -> Arc<Rare> {
        if let Some(rare) = self.rare.load_full() {
            return rare;
        }
        let made = Arc::new(Rare::default());
        let before = self
            .rare
            .compare_and_swap(&None::<Arc<Rare>>, Some(Arc::clone(&made)));
        Guard::into_inner(before).unwrap_or(made)
    }

    /// Returns the bucket of one method; made at its first request.
    pub(crate) fn method_bucket(&self, name: &Arc<str>) -> Arc<Bucket> {
        let rare = self.rare();
        let overrides = rare.overrides.pin();
        Arc::clone(overrides.get_or_insert_with(Arc::clone(name), Arc::default))
    }

    /// Counts a request against a quota of `limit`, in the period that began on day `since`.
    pub(crate) fn take(&self, since: u32, limit: u32) -> Counted {
        match self.period.take_granted(since, limit, &self.granted) {
            Ok(counted) => {
                let lease = lease_of(limit);
                let left = self.granted.count().used.saturating_sub(counted.used);
                let ends = lease >= AHEAD_MIN && left <= lease / 2 && counted.used + left < limit;
                Counted::Taken(ends && !self.asked.swap(true, Ordering::Relaxed))
            }
            Err(Shortage::UsedUp) => Counted::UsedUp,
            Err(Shortage::NotGranted) => Counted::NeedsLease,
        }
    }

    /// Takes back a request that another limit refused.
    pub(crate) fn give_back(&self) {
        self.period.give_back();
    }

    /// Returns how many requests are counted in the period that began on day `since`.
    pub(crate) fn used(&self, since: u32) -> u32 {
        let counted = self.period.count();
        if counted.since < since { 0 } else { counted.used }
    }

    /// Returns up to where a lease would reach that is made now.
    pub(crate) fn next_lease(&self, since: u32, limit: u32) -> Count {
        let (counted, granted) = (self.period.count(), self.granted.count());
        // A clock that was put back goes on in the period that began last.
        let since = since.max(counted.since);
        let used = if counted.since == since { counted.used } else { 0 };
        let mut until = used.saturating_add(lease_of(limit)).min(limit);
        if granted.since == since {
            until = until.max(granted.used);
        }
        Count { since, used: until }
    }

    /// What is on disk now may be used.
    pub(crate) fn grant(&self, until: Count) {
        self.granted.set(until);
        self.asked.store(false, Ordering::Relaxed);
    }

    /// A lease that was asked for did not come: the next request that needs one asks again.
    pub(crate) fn grant_failed(&self) {
        self.asked.store(false, Ordering::Relaxed);
    }

    /// Counts an admitted request of a day. True: nobody knows yet that the meter changed.
    pub(crate) fn count(&self, now: Timestamp) -> bool {
        let today = day_of(now);
        if let Ok(before) = self.day.take(today, u32::MAX)
            && before.since < today
            && before.used > 0
        {
            let rare = self.rare();
            let mut ended = rare.ended.lock().unwrap_or_else(PoisonError::into_inner);
            ended.push(before);
        }
        self.mark()
    }

    /// Sets what the quota counts, and takes back what is granted beyond it.
    pub(crate) fn set_period(&self, count: Count) {
        // In this order: whoever sees the new count sees the new grant.
        self.granted.set(count);
        self.period.set(count);
    }

    /// Takes back what is granted beyond what is used: for a stop, when nobody counts any more. True: there was something.
    pub(crate) fn settle(&self) -> bool {
        let (counted, granted) = (self.period.count(), self.granted.count());
        let is_open = granted.since == counted.since && granted.used > counted.used;
        if is_open {
            self.granted.set(counted);
        }
        is_open
    }

    /// Goes on where an earlier process stopped, behind all that was granted.
    pub(crate) fn restore(&self, usage: &DayOfUsage) {
        if self.day.count().since <= usage.day {
            self.day.set(Count {
                since: usage.day,
                used: usage.used,
            });
            self.set_period(Count {
                since: usage.period,
                used: usage.period_used.max(usage.granted),
            });
        }
    }

    /// Returns what it stands at, for the record of today, with a lease that reaches `until`.
    pub(crate) fn today(&self, now: Timestamp, until: Count) -> DayOfUsage {
        let (today, period) = (self.day.count(), self.period.count());
        DayOfUsage {
            day: today.since.max(day_of(now)),
            used: if today.since < day_of(now) { 0 } else { today.used },
            period: until.since.max(period.since),
            period_used: if period.since < until.since {
                0
            } else {
                period.used
            },
            granted: until.used,
        }
    }

    /// Returns the days that are not on disk yet, the last with what the quota stands at.
    pub(crate) fn days(&self, now: Timestamp) -> Vec<DayOfUsage> {
        let mut days: Vec<DayOfUsage> = match self.rare.load().as_ref() {
            None => Vec::new(),
            Some(rare) => {
                let ended = rare.ended.lock().unwrap_or_else(PoisonError::into_inner);
                ended.iter().map(|day| self.on(*day)).collect()
            }
        };
        let today = self.day.count();
        // A quota that was set before any request of the day still has to be kept.
        let since = if today.since == 0 {
            day_of(now)
        } else {
            today.since
        };
        days.push(self.on(Count { since, ..today }));
        days
    }

    fn on(&self, day: Count) -> DayOfUsage {
        let (period, granted) = (self.period.count(), self.granted.count());
        DayOfUsage {
            day: day.since,
            used: day.used,
            period: period.since,
            period_used: period.used,
            granted: if granted.since == period.since {
                granted.used
            } else {
                period.used
            },
        }
    }

    /// Returns the days that are to be written, and counts as written from here on.
    pub(crate) fn take_days(&self, now: Timestamp) -> Vec<DayOfUsage> {
        self.changed.store(false, Ordering::Relaxed);
        // Days that ended first: one that ends right after is reported by the next call, with its last count.
        let days = self.days(now);
        if let Some(rare) = self.rare.load().as_ref() {
            let mut ended = rare.ended.lock().unwrap_or_else(PoisonError::into_inner);
            let reported = days.len().saturating_sub(1).min(ended.len());
            drop(mem::take(&mut *ended).drain(..reported));
        }
        days
    }

    /// Says that it changed. True: nobody knew.
    pub(crate) fn mark(&self) -> bool {
        // Reading is cheaper than writing what all workers share.
        !self.changed.load(Ordering::Relaxed) && !self.changed.swap(true, Ordering::Relaxed)
    }
}
