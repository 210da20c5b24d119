//! Counts requests per aggregation instance for rate-based rules; time is a parameter.
//!
//! The window is cut into ten slots. AWS looks about every ten seconds; we look at every request, so a limit holds
//! from the first request above it. Counts survive a recompiled web ACL as long as the rule's settings stay:
//! <https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based.html>

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    sync::{Mutex, PoisonError},
};

use portcullis_model::Timestamp;

use crate::limits::RATE_INSTANCES_MAX;

const SHARDS: usize = 16;
const SLOTS: usize = 10;
const SWEEP_EVERY_MS: i64 = 1_000;

/// The counters of every rate-based rule of every web ACL. Shared by all threads.
pub struct Rates {
    shards: Vec<Mutex<Shard>>,
    hasher: RandomState,
    instances_per_shard: usize,
}

/// Identifies a rule with its settings: other settings count anew.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RateRule(pub(crate) [u8; 16]);

#[derive(Default)]
struct Shard {
    windows: HashMap<Box<[u8]>, Window>,
    swept_at: i64,
}

#[derive(Clone, Copy)]
struct Window {
    slot_ms: i64,
    newest_slot: i64,
    counts: [u32; SLOTS],
}

impl Default for Rates {
    fn default() -> Self {
        Self::new()
    }
}

impl Rates {
    /// Returns counters that are all zero.
    pub fn new() -> Self {
        Self::with_instances_max(RATE_INSTANCES_MAX)
    }

    fn with_instances_max(instances: usize) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            hasher: RandomState::new(),
            instances_per_shard: (instances / SHARDS).max(1),
        }
    }

    /// Counts a request of the instance `key` and returns how many its window holds, this one included.
    pub(crate) fn count(&self, rule: RateRule, key: &[u8], window_seconds: u32, now: Timestamp) -> u64 {
        let mut name = Vec::with_capacity(rule.0.len() + key.len());
        name.extend_from_slice(&rule.0);
        name.extend_from_slice(key);
        let index = (self.hasher.hash_one(name.as_slice()) as usize) % SHARDS;
        let Some(shard) = self.shards.get(index) else {
            return 0;
        };
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        let slot_ms = i64::from(window_seconds) * 1_000 / SLOTS as i64;
        if let Some(window) = shard.windows.get_mut(name.as_slice()) {
            return window.count(now);
        }
        if shard.windows.len() >= self.instances_per_shard {
            shard.sweep(now);
        }
        if shard.windows.len() >= self.instances_per_shard {
            // No room to tell this instance apart: the ones that do not fit share a count, so that flooding with
            // made-up keys does not lift the limit.
            name.truncate(rule.0.len());
            name.extend_from_slice(b"\0others");
        }
        shard
            .windows
            .entry(name.into_boxed_slice())
            .or_insert_with(|| Window::new(slot_ms, now))
            .count(now)
    }

    /// Returns how many instances are counted, for metrics.
    pub fn instances(&self) -> usize {
        self.shards
            .iter()
            .map(|shard| shard.lock().unwrap_or_else(PoisonError::into_inner).windows.len())
            .sum()
    }
}

impl Shard {
    fn sweep(&mut self, now: Timestamp) {
        if now.millis() - self.swept_at >= SWEEP_EVERY_MS {
            self.swept_at = now.millis();
            self.windows.retain(|_, window| !window.is_over(now));
        }
    }
}

impl Window {
    fn new(slot_ms: i64, now: Timestamp) -> Self {
        let slot_ms = slot_ms.max(1);
        Self {
            slot_ms,
            newest_slot: now.millis().div_euclid(slot_ms),
            counts: [0; SLOTS],
        }
    }

    fn count(&mut self, now: Timestamp) -> u64 {
        // A clock that goes back counts into the newest slot.
        let slot = now.millis().div_euclid(self.slot_ms).max(self.newest_slot);
        let passed = usize::try_from(slot - self.newest_slot)
            .unwrap_or(SLOTS)
            .min(SLOTS);
        self.counts.rotate_right(passed);
        for count in self.counts.iter_mut().take(passed) {
            *count = 0;
        }
        self.newest_slot = slot;
        if let Some(count) = self.counts.first_mut() {
            *count = count.saturating_add(1);
        }
        self.counts.iter().map(|count| u64::from(*count)).sum()
    }

    fn is_over(&self, now: Timestamp) -> bool {
        now.millis().div_euclid(self.slot_ms) - self.newest_slot >= SLOTS as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULE: RateRule = RateRule([7; 16]);

    #[test]
    fn requests_leave_the_count_when_the_window_has_passed() {
        let rates = Rates::new();
        for expected in 1..=5 {
            assert_eq!(
                rates.count(RULE, b"a", 60, Timestamp::from_seconds(1_000)),
                expected
            );
        }
        assert_eq!(rates.count(RULE, b"a", 60, Timestamp::from_seconds(1_030)), 6);
        assert_eq!(rates.count(RULE, b"a", 60, Timestamp::from_seconds(1_066)), 2);
        assert_eq!(rates.count(RULE, b"a", 60, Timestamp::from_seconds(9_000)), 1);
    }

    #[test]
    fn instances_and_rules_are_counted_apart() {
        let rates = Rates::new();
        let now = Timestamp::from_seconds(5);
        assert_eq!(rates.count(RULE, b"a", 60, now), 1);
        assert_eq!(rates.count(RULE, b"b", 60, now), 1);
        assert_eq!(rates.count(RateRule([8; 16]), b"a", 60, now), 1);
        assert_eq!(rates.count(RULE, b"a", 60, now), 2);
        assert_eq!(rates.instances(), 3);
    }

    #[test]
    fn a_flood_of_keys_is_bounded_and_shares_a_count() {
        let rates = Rates::with_instances_max(64);
        let now = Timestamp::from_seconds(5);
        let most = (0..10_000u32)
            .map(|key| rates.count(RULE, &key.to_be_bytes(), 60, now))
            .max();
        assert!(most.unwrap() > 100, "{most:?}");
        assert!(rates.instances() <= 64 + SHARDS);
        let later = Timestamp::from_seconds(500);
        assert_eq!(
            rates.count(RULE, b"fresh", 60, later),
            1,
            "old instances make room"
        );
    }

    #[test]
    fn a_clock_that_goes_back_loses_no_count() {
        let rates = Rates::new();
        rates.count(RULE, b"a", 60, Timestamp::from_seconds(100));
        assert_eq!(rates.count(RULE, b"a", 60, Timestamp::from_seconds(10)), 2);
    }
}
