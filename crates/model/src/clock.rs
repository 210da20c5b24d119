//! Time is a parameter: whoever needs it takes a [`Clock`]. Tests pass a [`ManualClock`].

use std::{
    cell::Cell,
    sync::atomic::{AtomicI64, Ordering},
    time::{Duration, Instant, SystemTime},
};

use serde::{Deserialize, Serialize};

/// Milliseconds since the Unix epoch, UTC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// Returns the time that is `seconds` after the epoch.
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1000))
    }

    /// Returns milliseconds since the epoch.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// Returns whole seconds since the epoch.
    pub const fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// Returns seconds with a fraction, as AWS's JSON protocols write timestamps.
    pub fn seconds_fractional(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// Returns the time `seconds` later (earlier when negative).
    pub const fn plus_seconds(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// Returns the moment as a calendar date and time in UTC; the epoch when out of range.
    pub fn utc(self) -> time::OffsetDateTime {
        time::OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000)
            .unwrap_or(time::OffsetDateTime::UNIX_EPOCH)
    }

    /// Returns `2026-11-21T08:00:00.000Z`, as CloudFormation and IAM write timestamps.
    pub fn iso8601(self) -> String {
        let at = self.utc();
        format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
            at.year(),
            u8::from(at.month()),
            at.day(),
            at.hour(),
            at.minute(),
            at.second(),
            at.millisecond()
        )
    }
}

/// Something that knows the time.
pub trait Clock: Send + Sync {
    /// Returns the time now.
    fn now(&self) -> Timestamp;

    /// Returns the time at a moment of the last seconds, for which a second clock need not be asked each time.
    fn at(&self, _at: Instant) -> Timestamp {
        self.now()
    }
}

thread_local! {
    static RECENT: Cell<Option<Instant>> = const { Cell::new(None) };
    /// A moment, and its nanoseconds since the epoch.
    static READ_TOGETHER: Cell<Option<(Instant, u64)>> = const { Cell::new(None) };
}

/// How long two clocks that were read together are taken to run together: the machine's may be set.
const TOGETHER: Duration = Duration::from_millis(50);

/// Says that this thread has just read the clock. Whoever says so goes on saying so.
pub fn tick(now: Instant) {
    RECENT.set(Some(now));
}

/// Says that this thread has just read the clock, where it ticks in any case: what follows at once need not read it again.
pub fn tick_again(now: Instant) {
    if RECENT.get().is_some() {
        RECENT.set(Some(now));
    }
}

/// Returns the latest [`tick`] of this thread, or the time now where nobody ticks: for what need not be exact, and is asked often.
pub fn recent() -> Instant {
    RECENT.get().unwrap_or_else(Instant::now)
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        timestamp(since_epoch())
    }

    fn at(&self, at: Instant) -> Timestamp {
        if let Some((read_at, since_epoch)) = READ_TOGETHER.get()
            && let Some(since) = at.checked_duration_since(read_at)
            && since < TOGETHER
        {
            // It is less than a second.
            return timestamp(since_epoch.saturating_add(since.subsec_nanos().into()));
        }
        let (read_at, since_epoch) = (Instant::now(), since_epoch());
        READ_TOGETHER.set(Some((read_at, since_epoch)));
        let before = nanoseconds(read_at.saturating_duration_since(at));
        timestamp(since_epoch.saturating_sub(before))
    }
}

#[allow(
    clippy::disallowed_methods,
    reason = "the one place where the machine's clock is read"
)]
fn since_epoch() -> u64 {
    let since_epoch = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    nanoseconds(since_epoch.unwrap_or_default())
}

/// Enough for five centuries.
fn nanoseconds(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
}

fn timestamp(nanoseconds_since_epoch: u64) -> Timestamp {
    Timestamp(i64::try_from(nanoseconds_since_epoch / 1_000_000).unwrap_or(i64::MAX))
}

/// A clock that tests set.
#[derive(Debug, Default)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// Returns a clock that stands at `now`.
    pub fn at(now: Timestamp) -> Self {
        Self(AtomicI64::new(now.0))
    }

    /// Moves the clock forward by `seconds`.
    pub fn advance_seconds(&self, seconds: i64) {
        self.0.fetch_add(seconds.saturating_mul(1000), Ordering::Relaxed);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_at_a_moment_is_what_the_clock_said_then() {
        for earlier in [0, 20, 5_000, 0, 5_000, 20] {
            let before = SystemClock.now().0 - earlier;
            let at = Instant::now() - Duration::from_millis(earlier.unsigned_abs());
            let then = SystemClock.at(at).0;
            let after = SystemClock.now().0 - earlier;
            assert!(before - 2 <= then && then <= after + 2, "{before} {then} {after}");
        }
    }

    #[test]
    fn who_does_not_tick_reads_the_clock() {
        let before = Instant::now();
        assert!(recent() >= before);
        tick_again(before);
        assert!(recent() > before, "nobody goes on");
        tick(before);
        assert_eq!(recent(), before);
        let later = before + Duration::from_millis(1);
        tick_again(later);
        assert_eq!(recent(), later);
    }
}
