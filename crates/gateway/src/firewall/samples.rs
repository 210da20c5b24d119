//! Samples of judged requests, per web ACL and rule: what `GetSampledRequests` shows. Bounded, in memory.
//!
//! <https://docs.aws.amazon.com/waf/latest/APIReference/API_GetSampledRequests.html>. Like AWS's, a sample has the path and
//! the headers and neither query nor body; values of headers that carry credentials are left out. AWS looks at up to 5,000
//! requests of three hours; we keep the newest of each rule and count the rest.

use std::{
    cell::Cell,
    collections::{HashMap, VecDeque},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use portcullis_firewall::{DecidedBy, RequestView, RuleName, Sample, SampledBy, Verdict, VerdictAction};
use portcullis_model::Timestamp;

use super::WebAclSnapshot;

/// Samples of one rule that a thread keeps.
const SAMPLES_PER_RULE_MAX: usize = 64;
/// Rules that a thread keeps samples of.
const RULES_MAX: usize = 256;
/// Samples of one rule that a thread takes in a second; more requests are only counted.
const SAMPLES_PER_SECOND_MAX: u32 = 16;
/// Bytes of headers that a sample shows.
const HEADER_BYTES_MAX: usize = 4_096;
/// Bytes of a path that a sample shows.
const PATH_BYTES_MAX: usize = 1_024;
/// How long a sample is shown.
const KEPT_SECONDS: i64 = 3 * 3_600;
/// Logs: threads beyond that many share.
const SHARDS: usize = 16;
/// Headers whose values are credentials.
const REDACTED: [&str; 5] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "x-api-key",
    "x-amz-security-token",
];

/// The newest samples. Each thread writes into a part of its own, so that a lock is never contended but by a reader.
pub struct SampleLog {
    shards: Vec<Mutex<Shard>>,
}

#[derive(Default)]
struct Shard(HashMap<(Arc<str>, SampledBy), Ring>);

#[derive(Default)]
struct Ring {
    samples: VecDeque<Sample>,
    /// Requests by the minute in which they came, sampled or not.
    population: VecDeque<(i64, u64)>,
    second: i64,
    taken_in_second: u32,
}

impl Default for SampleLog {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
        }
    }
}

impl SampleLog {
    /// Keeps what the rules that matched want kept.
    pub(crate) fn keep(
        &self,
        web_acl: &WebAclSnapshot,
        verdict: &Verdict,
        request: &RequestView<'_>,
        now: Timestamp,
    ) {
        let (by, name) = match &verdict.decided_by {
            DecidedBy::DefaultAction => (SampledBy::DefaultAction, None),
            DecidedBy::Rule(name) => (SampledBy::Rule(Arc::clone(&name.rule)), Some(name)),
        };
        if web_acl.compiled().is_sampled(&verdict.decided_by) {
            let action = if verdict.is_block() { "BLOCK" } else { "ALLOW" };
            self.take(web_acl, by, now, || sample(request, verdict, now, action, name));
        }
        for name in &verdict.counted {
            if web_acl.compiled().is_sampled(&DecidedBy::Rule(name.clone())) {
                self.take(web_acl, SampledBy::Rule(Arc::clone(&name.rule)), now, || {
                    sample(request, verdict, now, "COUNT", Some(name))
                });
            }
        }
    }

    fn take(&self, web_acl: &WebAclSnapshot, by: SampledBy, now: Timestamp, sample: impl FnOnce() -> Sample) {
        let Some(shard) = self.shards.get(own_shard()) else {
            return;
        };
        let mut shard = lock(shard);
        let key = (Arc::clone(web_acl.arn()), by);
        if shard.0.len() >= RULES_MAX && !shard.0.contains_key(&key) {
            shard.forget_oldest();
        }
        let ring = shard.0.entry(key).or_default();
        if ring.count(now) {
            if ring.samples.len() >= SAMPLES_PER_RULE_MAX {
                ring.samples.pop_front();
            }
            ring.samples.push_back(sample());
        }
    }

    /// Returns how many requests `by` decided from `from` to `until`, and up to `count` of them, the newest first. `None`
    /// asks for every rule of the web ACL.
    pub fn find(
        &self,
        web_acl_arn: &str,
        by: Option<&SampledBy>,
        (from, until): (Timestamp, Timestamp),
        now: Timestamp,
        count: usize,
    ) -> (u64, Vec<Sample>) {
        let from = from.max(Timestamp::from_seconds(now.seconds() - KEPT_SECONDS));
        let (mut population, mut found) = (0, Vec::new());
        for shard in &self.shards {
            let shard = lock(shard);
            let asked = shard
                .0
                .iter()
                .filter(|((arn, name), _)| **arn == *web_acl_arn && by.is_none_or(|by| by == name));
            for (_, ring) in asked {
                let minutes = from.seconds().div_euclid(60)..=until.seconds().div_euclid(60);
                population += ring
                    .population
                    .iter()
                    .filter(|(minute, _)| minutes.contains(minute))
                    .map(|(_, requests)| requests)
                    .sum::<u64>();
                let within = |sample: &&Sample| sample.at >= from && sample.at <= until;
                found.extend(ring.samples.iter().filter(within).cloned());
            }
        }
        found.sort_by_key(|sample| std::cmp::Reverse(sample.at));
        found.truncate(count);
        (population, found)
    }
}

impl Shard {
    fn forget_oldest(&mut self) {
        let oldest = self
            .0
            .iter()
            .min_by_key(|(_, ring)| ring.second)
            .map(|(key, _)| key.clone());
        if let Some(key) = oldest {
            self.0.remove(&key);
        }
    }
}

impl Ring {
    /// Counts a request, and tells whether it may be sampled.
    fn count(&mut self, now: Timestamp) -> bool {
        let minute = now.seconds().div_euclid(60);
        match self.population.back_mut() {
            Some((newest, requests)) if *newest >= minute => *requests += 1,
            _ => self.population.push_back((minute, 1)),
        }
        while self
            .population
            .front()
            .is_some_and(|(oldest, _)| *oldest < minute - KEPT_SECONDS / 60)
        {
            self.population.pop_front();
        }
        if now.seconds() != self.second {
            self.second = now.seconds();
            self.taken_in_second = 0;
        }
        self.taken_in_second += 1;
        self.taken_in_second <= SAMPLES_PER_SECOND_MAX
    }
}

fn sample(
    request: &RequestView<'_>,
    verdict: &Verdict,
    at: Timestamp,
    action: &'static str,
    name: Option<&RuleName>,
) -> Sample {
    let mut bytes = 0;
    let mut headers = Vec::new();
    for (name, value) in request.headers.iter() {
        let name = String::from_utf8_lossy(name).into_owned();
        let is_secret = REDACTED.iter().any(|secret| name.eq_ignore_ascii_case(secret));
        let value = if is_secret {
            "REDACTED".to_owned()
        } else {
            String::from_utf8_lossy(value).into_owned()
        };
        bytes += name.len() + value.len();
        if bytes > HEADER_BYTES_MAX {
            break;
        }
        headers.push((name, value));
    }
    let response_status = match &verdict.action {
        VerdictAction::Block(Some(response)) if action == "BLOCK" => Some(response.status),
        _ => None,
    };
    Sample {
        at,
        client: request.source,
        method: request.method.chars().take(32).collect(),
        uri: request.path.chars().take(PATH_BYTES_MAX).collect(),
        http_version: request.http_version.to_owned(),
        headers,
        action,
        rule: name.map(|name| Arc::clone(&name.rule)),
        group_rule: name.and_then(|name| name.group_rule.clone()),
        labels: verdict.labels.clone(),
        response_status,
        inserted_headers: verdict.insert_headers.clone(),
    }
}

/// A panic between lock and unlock cannot leave a ring half written: a poisoned one is as good.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

fn own_shard() -> usize {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    thread_local! {
        static OWN: Cell<usize> = Cell::new(NEXT.fetch_add(1, Ordering::Relaxed) % SHARDS);
    }
    OWN.with(Cell::get)
}
