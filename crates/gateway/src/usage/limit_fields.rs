//! What a client is told of its limits, where the stage's tag asks for it; AWS tells nothing.
//!
//! `RateLimit-Policy` and `RateLimit`: <https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/11/>, with the
//! policies `throttle` and `quota` of the key's plan. A bucket has no window; `w` is the time in which an empty one fills, and `t`
//! that in which this one does. `Retry-After` (RFC 9110, section 10.2.3) comes with 429 alone.

use std::{collections::BTreeMap, fmt::Write as _};

use portcullis_model::{Problem, Timestamp, resources::usage_plans::Quota};

use super::{
    bucket::{Bucket, Rate},
    quota,
};
use crate::http::Response;

/// The tag that lists, separated by commas, the fields of a stage's answers.
pub const FIELDS_TAG: &str = "portcullis:rate-limit-fields";

/// Which fields a stage's answers carry.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct WantedFields {
    pub(crate) ratelimit: bool,
    pub(crate) retry_after: bool,
}

impl WantedFields {
    /// Reads the tag; a name that is none is a problem.
    pub(crate) fn compile(tags: &BTreeMap<String, String>, problems: &mut Vec<Problem>) -> Self {
        let tag = tags.get(FIELDS_TAG).map(String::as_str).unwrap_or_default();
        let mut wanted = Self::default();
        for name in tag.split(',').map(str::trim).filter(|name| !name.is_empty()) {
            match name {
                "ratelimit" => wanted.ratelimit = true,
                "retry-after" => wanted.retry_after = true,
                other => problems.push(Problem::error(
                    None,
                    format!("tags/{FIELDS_TAG}"),
                    format!("`{other}` is no field: use `ratelimit` or `retry-after`"),
                )),
            }
        }
        wanted
    }
}

/// What the limits of a request stand at.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct LimitFields {
    policies: String,
    limits: String,
    retry_after: Option<u64>,
}

impl LimitFields {
    /// Notes a bucket of the key's plan.
    pub(crate) fn note_throttle(&mut self, bucket: &Bucket, rate: Rate, now: Timestamp) {
        let level = bucket.level(rate, now);
        let (fills, full_in) = (rate.fills_in_seconds(), level.full_in_seconds);
        self.note("throttle", u64::from(level.capacity), fills, level.left, full_in);
    }

    /// Notes a quota of which `used` requests are used up.
    pub(crate) fn note_quota(&mut self, quota: &Quota, used: u32, now: Timestamp) {
        let (length, left) = quota::seconds_of_period(quota, now);
        let remaining = u64::from(quota.limit.saturating_sub(used));
        self.note("quota", u64::from(quota.limit), length, remaining, left);
    }

    fn note(&mut self, name: &str, quota: u64, window: u64, remaining: u64, reset: u64) {
        let comma = if self.policies.is_empty() { "" } else { ", " };
        // Writing to a text cannot fail.
        let _ = write!(self.policies, "{comma}\"{name}\";q={quota};w={window}");
        let _ = write!(self.limits, "{comma}\"{name}\";r={remaining};t={reset}");
    }

    /// Says when a request that a bucket refused may come again.
    pub(crate) fn retry_at_bucket(&mut self, bucket: &Bucket, rate: Rate, now: Timestamp) {
        self.retry_after = bucket.level(rate, now).next_in_seconds;
    }

    /// Says when a request that a quota refused may come again.
    pub(crate) fn retry_at_period(&mut self, quota: &Quota, now: Timestamp) {
        self.retry_after = Some(quota::seconds_of_period(quota, now).1);
    }

    /// Adds the fields to an answer.
    pub(crate) fn add_to(&self, wanted: WantedFields, response: &mut Response) {
        if wanted.ratelimit && !self.policies.is_empty() {
            response.headers.set("ratelimit-policy", &self.policies);
            response.headers.set("ratelimit", &self.limits);
        }
        if let Some(seconds) = self
            .retry_after
            .filter(|_| wanted.retry_after && response.status == 429)
        {
            response.headers.set("retry-after", seconds.to_string());
        }
    }
}

#[cfg(test)]
mod tests {
    use portcullis_model::resources::usage_plans::{Period, Throttle};

    use super::*;

    fn rate(burst_limit: u32, rate_limit: f64) -> Rate {
        Rate::of(&Throttle {
            burst_limit,
            rate_limit,
        })
    }

    #[test]
    fn bucket_says_what_is_left_and_when_it_fills() {
        let (bucket, rate) = (Bucket::default(), rate(10, 2.0));
        let at = |seconds: i64| Timestamp::from_seconds(1_000 + seconds);
        let shown = |now| {
            let mut fields = LimitFields::default();
            fields.note_throttle(&bucket, rate, now);
            fields.limits
        };
        assert_eq!(shown(at(0)), "\"throttle\";r=10;t=0");
        for _ in 0..10 {
            assert!(bucket.take(rate, at(0)));
        }
        assert_eq!(shown(at(0)), "\"throttle\";r=0;t=5");
        let mut fields = LimitFields::default();
        fields.retry_at_bucket(&bucket, rate, at(0));
        assert_eq!(fields.retry_after, Some(1));
        assert_eq!(shown(at(2)), "\"throttle\";r=4;t=3");
        fields.note_throttle(&bucket, rate, at(2));
        assert_eq!(fields.policies, "\"throttle\";q=10;w=5");
    }

    #[test]
    fn bucket_that_never_fills_names_no_time_to_come_again() {
        let mut fields = LimitFields::default();
        let (bucket, never) = (Bucket::default(), rate(0, 1.0));
        fields.retry_at_bucket(&bucket, never, Timestamp::from_seconds(5));
        assert_eq!(fields.retry_after, None);
    }

    #[test]
    fn quota_counts_down_to_the_end_of_its_period() {
        // 2026-11-28T23:00:00Z, a Saturday.
        let now = Timestamp::from_seconds(1_795_906_800);
        for (period, offset, shown) in [
            (Period::Day, 0, ("\"quota\";q=9;w=86400", "\"quota\";r=5;t=3600")),
            (
                Period::Week,
                0,
                ("\"quota\";q=9;w=604800", "\"quota\";r=5;t=3600"),
            ),
            (
                Period::Month,
                0,
                ("\"quota\";q=9;w=2592000", "\"quota\";r=5;t=176400"),
            ),
            (
                Period::Month,
                27,
                ("\"quota\";q=9;w=2592000", "\"quota\";r=5;t=2509200"),
            ),
        ] {
            let mut fields = LimitFields::default();
            fields.note_quota(
                &Quota {
                    limit: 9,
                    offset,
                    period,
                },
                4,
                now,
            );
            assert_eq!((fields.policies.as_str(), fields.limits.as_str()), shown);
        }
    }
}
