//! A token bucket in one atomic number, shared by all workers: the generic cell rate algorithm (ITU-T I.371), which keeps
//! the moment at which the bucket will be full again. A bucket starts full.

use std::sync::atomic::{AtomicU64, Ordering};

use portcullis_model::{Timestamp, resources::usage_plans::Throttle};

const NANOSECONDS: f64 = 1e9;
/// How far the clocks of requests beside one another may be apart. A bucket that is ahead of one by more was filled by a clock
/// that has been put back since.
const APART_NS: u64 = 1_000_000_000;

/// A throttle made ready: what one request costs, and how much a full bucket holds, in nanoseconds of refilling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    interval_ns: u64,
    capacity_ns: u64,
}

impl Rate {
    /// Makes a throttle ready. A rate or burst of zero admits nothing.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the value is cut to the range of the type first"
    )]
    pub fn of(throttle: &Throttle) -> Self {
        // A rate that is no number, or not above zero, never refills.
        let interval = NANOSECONDS / throttle.rate_limit;
        if !(interval.is_finite() && interval > 0.0) || throttle.burst_limit == 0 {
            return Self {
                interval_ns: 1,
                capacity_ns: 0,
            };
        }
        let interval_ns = (interval.min(1e17) as u64).max(1);
        Self {
            interval_ns,
            capacity_ns: interval_ns
                .saturating_mul(u64::from(throttle.burst_limit))
                .min(1 << 62),
        }
    }
}

impl Rate {
    /// Returns how long an empty bucket takes to fill.
    pub fn fills_in_seconds(self) -> u64 {
        self.capacity_ns.div_ceil(1_000_000_000)
    }
}

/// What a bucket stands at, in tokens and seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    pub capacity: u32,
    pub left: u64,
    pub full_in_seconds: u64,
    /// Until there is a token; none: there never is one.
    pub next_in_seconds: Option<u64>,
}

/// What is left of a rate. One number: when the bucket is full again, in nanoseconds after the epoch.
#[derive(Debug, Default)]
pub struct Bucket(AtomicU64);

impl Bucket {
    /// Takes a token, unless there is none.
    pub fn take(&self, rate: Rate, now: Timestamp) -> bool {
        let now = nanoseconds(now);
        let empty = now.saturating_add(rate.capacity_ns);
        let mut full_at = self.0.load(Ordering::Relaxed);
        loop {
            let next = full_at.max(now).saturating_add(rate.interval_ns);
            let admits = next <= empty;
            // No request leaves a moment far behind `empty`; a clock that was put back does, or a rate that was made smaller. The
            // bucket is empty then, and refills from now on. A moment less far behind was left by a request whose clock is a
            // little ahead: to go back to ours would give what was taken already.
            if !admits && full_at <= empty.saturating_add(APART_NS) {
                return false;
            }
            let next = if admits { next } else { empty };
            match self
                .0
                .compare_exchange_weak(full_at, next, Ordering::Relaxed, Ordering::Relaxed)
            {
                Ok(_) => return admits,
                Err(present) => full_at = present,
            }
        }
    }

    /// Returns what is left at `now`.
    pub fn level(&self, rate: Rate, now: Timestamp) -> Level {
        let lacks_ns = self.0.load(Ordering::Relaxed).saturating_sub(nanoseconds(now));
        let lacks_ns = lacks_ns.min(rate.capacity_ns);
        let next_ns = lacks_ns
            .saturating_add(rate.interval_ns)
            .saturating_sub(rate.capacity_ns);
        let capacity = rate.capacity_ns / rate.interval_ns;
        Level {
            capacity: u32::try_from(capacity).unwrap_or(u32::MAX),
            left: (rate.capacity_ns - lacks_ns) / rate.interval_ns,
            full_in_seconds: lacks_ns.div_ceil(1_000_000_000),
            next_in_seconds: (capacity > 0).then(|| next_ns.div_ceil(1_000_000_000)),
        }
    }

    /// Puts back a token that was taken for a request which another limit refused.
    pub fn give_back(&self, rate: Rate) {
        let earlier = |full_at: u64| Some(full_at.saturating_sub(rate.interval_ns));
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, earlier);
    }
}

fn nanoseconds(moment: Timestamp) -> u64 {
    u64::try_from(moment.millis())
        .unwrap_or(0)
        .saturating_mul(1_000_000)
}
