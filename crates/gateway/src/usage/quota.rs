//! Quotas: how many requests in a day, week or month, counted from midnight UTC, in one atomic number.
//!
//! AWS describes `offset` in two ways: as the day that a period starts on (in the SDKs), and as requests subtracted from the
//! first period (on <https://docs.aws.amazon.com/apigateway/latest/api/API_QuotaSettings.html>). The ranges that AWS enforces, 0 for
//! a day, 0 to 6 for a week, 0 to 27 for a month, fit the first alone, so that is what we do.

use std::sync::atomic::{AtomicU64, Ordering};

use portcullis_model::{
    Timestamp,
    resources::usage_plans::{Period, Quota},
};

/// 1970-01-01 was a Thursday; weeks begin on Sunday.
const WEEKDAY_OF_EPOCH: u32 = 4;
const SECONDS_A_DAY: i64 = 86_400;

/// Returns the day of `now`, counted from the epoch.
pub fn day_of(now: Timestamp) -> u32 {
    u32::try_from(now.seconds().div_euclid(SECONDS_A_DAY)).unwrap_or(0)
}

/// Returns the day on which the period that holds `now` began.
pub fn period_start(quota: &Quota, now: Timestamp) -> u32 {
    let day = day_of(now);
    let offset = u32::from(quota.offset);
    let since_start = match quota.period {
        Period::Day => 0,
        Period::Week => (day + WEEKDAY_OF_EPOCH + 7 - offset % 7) % 7,
        Period::Month => {
            let at = now.utc();
            let day_of_month = u32::from(at.day()) - 1;
            if day_of_month >= offset {
                day_of_month - offset
            } else {
                // It began in the month before, on the same day of the month.
                let before = at.month().previous();
                let year = if before == time::Month::December {
                    at.year() - 1
                } else {
                    at.year()
                };
                day_of_month + u32::from(before.length(year)) - offset
            }
        }
    };
    day.saturating_sub(since_start)
}

/// Returns how long the period that holds `now` is, and how much of it is left, in seconds.
pub fn seconds_of_period(quota: &Quota, now: Timestamp) -> (u64, u64) {
    let start = Timestamp::from_seconds(i64::from(period_start(quota, now)) * SECONDS_A_DAY);
    let days = match quota.period {
        Period::Day => 1,
        Period::Week => 7,
        // It ends on the same day of the next month, which every month has.
        Period::Month => {
            let at = start.utc();
            i64::from(at.month().length(at.year()))
        }
    };
    let length = days * SECONDS_A_DAY;
    let left = start.seconds() + length - now.seconds();
    (length.unsigned_abs(), u64::try_from(left).unwrap_or(0))
}

/// Requests since a day: the day in the upper half, their number in the lower.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

/// What a counter stood at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// The day since which it counts.
    pub since: u32,
    pub used: u32,
}

impl Count {
    const fn pack(self) -> u64 {
        ((self.since as u64) << 32) | self.used as u64
    }

    const fn unpack(packed: u64) -> Self {
        Self {
            since: (packed >> 32) as u32,
            used: packed as u32,
        }
    }
}

/// Why a request is not counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shortage {
    /// The limit is reached.
    UsedUp,
    /// What was granted so far is.
    NotGranted,
}

impl Counter {
    /// Counts a request in the period that began on day `since`, unless `limit` of them are counted. Returns what the counter
    /// stood at before; a period that began earlier is forgotten, one that began later (the clock was put back) goes on.
    pub fn take(&self, since: u32, limit: u32) -> Result<Count, Count> {
        let next = |packed: u64| {
            let counted = Count::unpack(packed);
            if counted.since < since {
                return (limit > 0).then(|| Count { since, used: 1 }.pack());
            }
            (counted.used < limit).then(|| {
                Count {
                    used: counted.used.saturating_add(1),
                    ..counted
                }
                .pack()
            })
        };
        self.0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, next)
            .map(Count::unpack)
            .map_err(Count::unpack)
    }

    /// Counts a request as [`take`](Self::take) does, but only as far as `granted` reaches in the same period.
    pub fn take_granted(&self, since: u32, limit: u32, granted: &Self) -> Result<Count, Shortage> {
        let mut packed = self.0.load(Ordering::Acquire);
        loop {
            let mut counted = Count::unpack(packed);
            if counted.since < since {
                counted = Count { since, used: 0 };
            }
            if counted.used >= limit {
                return Err(Shortage::UsedUp);
            }
            // Read after the count: whoever sets both sets this one first.
            let reach = Self::count(granted);
            if reach.since != counted.since || counted.used >= reach.used {
                return Err(Shortage::NotGranted);
            }
            counted.used += 1;
            let (order, otherwise) = (Ordering::AcqRel, Ordering::Acquire);
            match self
                .0
                .compare_exchange_weak(packed, counted.pack(), order, otherwise)
            {
                Ok(_) => return Ok(counted),
                Err(present) => packed = present,
            }
        }
    }

    /// Takes back a request that another limit refused.
    pub fn give_back(&self) {
        let less = |packed: u64| {
            let counted = Count::unpack(packed);
            Some(
                Count {
                    used: counted.used.saturating_sub(1),
                    ..counted
                }
                .pack(),
            )
        };
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    /// Returns what it stands at.
    pub fn count(&self) -> Count {
        Count::unpack(self.0.load(Ordering::Acquire))
    }

    /// Makes it stand at `count`.
    pub fn set(&self, count: Count) {
        self.0.store(count.pack(), Ordering::Release);
    }
}
