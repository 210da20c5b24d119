//! The keys of issuers that are not ours: found by OpenID Connect discovery, kept while they are fresh, and longer while the
//! issuer does not answer. An index beside the snapshot, shared by all workers; reading it takes no lock.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-jwt-authorizer.html>,
//! <https://openid.net/specs/openid-connect-discovery-1_0.html>

use std::{
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use arc_swap::ArcSwapOption;
use portcullis_egress::{AddressPolicy, Client, Timeouts, Url};
use portcullis_engines::jwt::{JWKS_BYTES_MAX, Jwks, VerifyingKey};
use portcullis_model::{HeaderList, Timestamp, resources::usage_plans::Throttle};
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::{
    gateway::Worker,
    usage::bucket::{Bucket, Rate},
};

/// How long an issuer may take for its metadata, and again for its keys, in milliseconds (AWS's limit).
const FETCH_MS_MAX: u64 = 1_500;
/// How long keys are used without asking again, in seconds (AWS: up to two hours).
const FRESH_SECONDS: i64 = 7_200;
/// How long keys are used while their issuer does not answer, in seconds.
const STALE_SECONDS_MAX: i64 = 86_400;
/// How often an issuer is asked for a key that is not known: so often at once, and then once in so many milliseconds. Strangers
/// choose the names of keys; whoever comes too often waits for the next question, so that no key that is new is refused.
const QUESTIONS_BURST: u32 = 10;
const QUESTION_MS: u32 = 1_000;
/// How often an issuer with old keys that did not answer is asked again, in seconds.
const RETRY_SECONDS: i64 = 10;
/// Issuers whose keys are kept; beyond them all are asked anew.
const ISSUERS_MAX: usize = 1_024;
/// The longest address of an issuer, in bytes.
const URL_BYTES_MAX: usize = 512;
const DISCOVERY: &str = "/.well-known/openid-configuration";

/// The issuers that were asked so far.
pub struct Issuers {
    /// What the issuers begin with that are ours: `https://cognito-idp.us-east-1.amazonaws.com/`.
    own: Box<str>,
    known: papaya::HashMap<Box<str>, Arc<Issuer>>,
}

/// The keys of an issuer, as they were published at one moment.
pub(crate) struct KeySet {
    jwks: Jwks,
    fetched: Timestamp,
    generation: u64,
}

#[derive(Default)]
struct Issuer {
    keys: ArcSwapOption<KeySet>,
    /// How many questions were put to it.
    questions: AtomicU64,
    budget: Bucket,
    /// Held by whoever asks.
    asking: Arc<Mutex<Asking>>,
}

/// What came of the last question.
#[derive(Default)]
struct Asking {
    failure: Option<String>,
    /// In seconds; zero before the first.
    asked: i64,
}

/// Why an issuer is asked.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Due {
    /// There are no keys, or the one that is wanted is not among them.
    Missing,
    /// They have been used for long; they serve if the issuer does not answer.
    Old,
}

impl KeySet {
    pub(crate) fn find(&self, kid: &str) -> Option<&VerifyingKey> {
        self.jwks.find(kid)
    }

    pub(crate) const fn generation(&self) -> u64 {
        self.generation
    }

    fn age(&self, now: Timestamp) -> i64 {
        now.seconds().saturating_sub(self.fetched.seconds())
    }
}

impl Issuers {
    /// Returns an empty index; issuers that begin with `own` are never asked.
    pub fn new(own: impl Into<Box<str>>) -> Self {
        Self {
            own: own.into(),
            known: papaya::HashMap::new(),
        }
    }

    pub(crate) fn is_ours(&self, issuer: &str) -> bool {
        issuer.starts_with(&*self.own)
    }

    /// Returns the generation of the keys that may be used at `now`; none when they must be asked for.
    pub(crate) fn generation(&self, issuer: &str, now: Timestamp) -> Option<u64> {
        let known = self.known.pin();
        let keys = known.get(issuer)?.keys.load();
        keys.as_ref()
            .filter(|keys| keys.age(now) < FRESH_SECONDS)
            .map(|keys| keys.generation)
    }

    /// Returns the keys of `issuer`, asking for them where that is due: none are there, `kid` is not among them, or they
    /// are old. One request asks; those that come meanwhile wait for it.
    pub(crate) async fn keys(
        &self,
        issuer: &str,
        kid: &str,
        now: Timestamp,
        worker: &Worker,
    ) -> Result<Arc<KeySet>, String> {
        let entry = self.entry(issuer);
        let usable = || {
            let keys = entry.keys.load_full();
            keys.filter(|keys| keys.age(now) < STALE_SECONDS_MAX)
        };
        let before = entry.questions.load(Ordering::Acquire);
        let none = || "there are none".to_owned();
        if due(usable().as_deref(), kid, now).is_none() {
            return usable().ok_or_else(none);
        }
        let mut asking = Arc::clone(&entry.asking).lock_owned().await;
        // The answer to a question that was put after this request came is as new as its own would be.
        let is_answered = entry.questions.load(Ordering::Acquire) != before;
        let asks = match due(usable().as_deref(), kid, now) {
            None => false,
            Some(_) if is_answered => false,
            Some(Due::Old) => now.seconds().saturating_sub(asking.asked) >= RETRY_SECONDS,
            Some(Due::Missing) => {
                entry.wait_for_a_question(worker).await;
                true
            }
        };
        let failed = if asks {
            entry.questions.fetch_add(1, Ordering::Release);
            asking.asked = now.seconds();
            // A task of its own: a stranger who goes away must not take the answer with him, for which others wait.
            let asking = ask(
                Arc::clone(&entry),
                asking,
                issuer.to_owned(),
                now,
                Callers::of(worker),
            );
            tokio::task::spawn_local(asking)
                .await
                .unwrap_or_else(|cause| Some(cause.to_string()))
        } else {
            asking.failure.clone()
        };
        usable().ok_or_else(|| failed.unwrap_or_else(none))
    }

    fn entry(&self, issuer: &str) -> Arc<Issuer> {
        let known = self.known.pin();
        if let Some(entry) = known.get(issuer) {
            return Arc::clone(entry);
        }
        if known.len() >= ISSUERS_MAX {
            known.clear();
        }
        Arc::clone(known.get_or_insert_with(issuer.into(), Arc::default))
    }
}

impl Issuer {
    /// Takes a question from the budget, or waits for the next. One waits at a time: whoever holds `asking`.
    async fn wait_for_a_question(&self, worker: &Worker) {
        let rate = Rate::of(&Throttle {
            burst_limit: QUESTIONS_BURST,
            rate_limit: 1_000.0 / f64::from(QUESTION_MS),
        });
        if !self.budget.take(rate, worker.clock().now()) {
            tokio::time::sleep(Duration::from_millis(QUESTION_MS.into())).await;
            // By a clock that stands still there is none; a second has passed all the same.
            let _ = self.budget.take(rate, worker.clock().now());
        }
    }
}

/// Returns why the issuer must be asked; none when there is no reason to.
fn due(present: Option<&KeySet>, kid: &str, now: Timestamp) -> Option<Due> {
    match present {
        None => Some(Due::Missing),
        Some(keys) if keys.find(kid).is_none() => Some(Due::Missing),
        Some(keys) if keys.age(now) >= FRESH_SECONDS => Some(Due::Old),
        Some(_) => None,
    }
}

fn next_generation() -> u64 {
    static GENERATIONS: AtomicU64 = AtomicU64::new(0);
    GENERATIONS.fetch_add(1, Ordering::Relaxed)
}

/// How issuers are called, and what strangers have a say in.
struct Callers {
    own: (Client, AddressPolicy),
    strangers: (Client, AddressPolicy),
}

impl Callers {
    fn of(worker: &Worker) -> Self {
        Self {
            own: (worker.client().clone(), worker.integration_policy().clone()),
            strangers: (worker.stranger_client().clone(), worker.stranger_policy().clone()),
        }
    }
}

/// Asks an issuer for its keys and keeps them; returns, and leaves in `asking`, what went wrong.
async fn ask(
    entry: Arc<Issuer>,
    mut asking: OwnedMutexGuard<Asking>,
    issuer: String,
    now: Timestamp,
    callers: Callers,
) -> Option<String> {
    asking.failure = match fetch(&issuer, &callers).await {
        Ok(jwks) => {
            let keys = Arc::new(KeySet {
                jwks,
                fetched: now,
                generation: next_generation(),
            });
            entry.keys.store(Some(Arc::clone(&keys)));
            // Off the request path: until it is done, the keys verify as they are.
            drop(tokio::task::spawn_blocking(move || keys.jwks.prepare()));
            None
        }
        Err(cause) => {
            tracing::warn!(issuer, %cause, "an issuer's keys cannot be fetched");
            Some(cause)
        }
    };
    asking.failure.clone()
}

/// Asks an issuer where its keys are, then for them.
async fn fetch(issuer: &str, callers: &Callers) -> Result<Jwks, String> {
    let own = Url::parse(issuer).map_err(|cause| cause.to_string())?;
    let base = issuer.trim_end_matches('/');
    let address = Url::parse(&format!("{base}{DISCOVERY}")).map_err(|cause| cause.to_string())?;
    let document = get(&address, &callers.own).await?;
    let document: serde_json::Value =
        serde_json::from_slice(&document).map_err(|cause| format!("its metadata are not JSON: {cause}"))?;
    let text = |name: &str| document.get(name).and_then(serde_json::Value::as_str);
    if text("issuer") != Some(issuer) {
        return Err("its metadata are those of another issuer".into());
    }
    let keys = text("jwks_uri").ok_or("its metadata name no `jwks_uri`")?;
    let keys = Url::parse(keys).map_err(|cause| format!("its `jwks_uri`: {cause}"))?;
    // The issuer's own address was written by the operator; another one is the document's word.
    let caller = if keys.target == own.target {
        &callers.own
    } else {
        &callers.strangers
    };
    let keys = get(&keys, caller).await?;
    Jwks::parse(&keys).map_err(|cause| cause.to_string())
}

async fn get(url: &Url, (client, policy): &(Client, AddressPolicy)) -> Result<bytes::Bytes, String> {
    if !url.target.https && !may_be_clear(&url.target.host, policy) {
        return Err(format!(
            "`http://{}`: clear text only to an address in a range that the operator allows",
            url.target
        ));
    }
    let mut headers = HeaderList::with_capacity(2);
    headers.push("accept", "application/json");
    headers.push("user-agent", "portcullis");
    let timeouts = Timeouts::within(Duration::from_millis(FETCH_MS_MAX));
    let path = url.path_and_query.as_bytes();
    let mut answer = client
        .send(&url.target, b"GET", path, &headers, &mut (), &timeouts)
        .await
        .map_err(|cause| cause.to_string())?;
    if answer.status != 200 {
        return Err(format!("`{}` answered {}", url.target, answer.status));
    }
    let body = answer.body.read_whole(JWKS_BYTES_MAX).await;
    body.map_err(|cause| cause.to_string())
}

/// Clear text needs an address, not a name, in a range that the operator allows: under `up`, where any is allowed, one that
/// is not public.
fn may_be_clear(host: &str, policy: &AddressPolicy) -> bool {
    let Ok(address) = host.parse::<IpAddr>() else {
        return false;
    };
    match policy {
        AddressPolicy::Only(_) => false,
        AddressPolicy::PublicOnly(policy) => policy.allowed.iter().any(|range| range.contains(address)),
        AddressPolicy::Any => match address {
            IpAddr::V4(address) => address.is_loopback() || address.is_private(),
            IpAddr::V6(address) => address.is_loopback() || address.is_unique_local(),
        },
    }
}

/// Checks that `issuer` is an address that can be asked: `https`, or `http` with an address instead of a name.
pub fn check_url(issuer: &str) -> Result<(), String> {
    let wrong = |reason: &str| Err(format!("`{issuer}`: {reason}"));
    if issuer.len() > URL_BYTES_MAX {
        return Err(format!("the issuer is longer than {URL_BYTES_MAX} bytes"));
    }
    let url = match Url::parse(issuer) {
        Ok(url) => url,
        Err(cause) => return wrong(&cause.to_string()),
    };
    if issuer.contains(['?', '"', '\\']) || !issuer.bytes().all(|byte| byte.is_ascii_graphic()) {
        return wrong("an issuer is an address of printable ASCII without query");
    }
    if !url.target.https && url.target.host.parse::<IpAddr>().is_err() {
        return wrong("use `https`; `http` is for addresses such as `127.0.0.1` alone");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issuers_that_could_not_be_asked_are_refused() {
        for issuer in [
            "https://id.example.com",
            "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_aaaaaaaaa",
            "http://127.0.0.1:9000/realm",
            "http://[::1]:9000",
        ] {
            assert_eq!(check_url(issuer), Ok(()), "{issuer}");
        }
        for issuer in [
            "",
            "id.example.com",
            "http://id.example.com",
            "http://localhost:9000",
            "ftp://id.example.com",
            "https://user@id.example.com",
            "https://id.example.com?x",
            "https://id.example.com/#x",
            "https://id.example.com/\"x",
        ] {
            assert!(check_url(issuer).is_err(), "{issuer}");
        }
    }

    #[test]
    fn clear_text_goes_to_allowed_addresses_alone() {
        let policy = AddressPolicy::PublicOnly(portcullis_egress::PublicOnly {
            allowed: vec!["10.1.0.0/16".parse().unwrap()],
            own_listeners: Vec::new(),
        });
        assert!(may_be_clear("10.1.2.3", &policy));
        for host in ["10.2.0.1", "127.0.0.1", "93.184.216.34", "localhost"] {
            assert!(!may_be_clear(host, &policy), "{host}");
        }
        assert!(may_be_clear("127.0.0.1", &AddressPolicy::Any));
        assert!(!may_be_clear("93.184.216.34", &AddressPolicy::Any));
    }
}
