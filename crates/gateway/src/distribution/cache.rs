//! Answers that are kept: in memory, bounded in bytes, shared by all threads, gone after a restart. A look-up takes the
//! lock of one shard for as long as it takes to count a reference.

use std::{
    collections::HashMap,
    hash::RandomState,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use portcullis_model::{HeaderList, Timestamp};
use quick_cache::{Weighter, sync::Cache};
use tokio::sync::watch;

use super::{pages::Page, path_pattern::wildcards_match};

/// Bytes of all answers that are kept, heads and keys included.
pub const CACHE_BYTES_MAX: u64 = 128 << 20;
/// Bytes of a body that is kept; a longer one passes and is not kept.
pub(crate) const OBJECT_BYTES_MAX: usize = 1 << 20;
/// For sizing the tables.
const ANSWERS_EXPECTED: usize = 8_192;
/// What an answer costs beside its bytes.
const OVERHEAD_BYTES: usize = 256;

/// Everything of a request that its answer may depend on, each part with its length in front: two requests with one key
/// are one request to the origin.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CacheKey(pub(super) Box<[u8]>);

/// An answer that is kept.
pub(crate) struct KeptAnswer {
    /// Whose it is.
    pub(super) distribution: Arc<str>,
    /// What invalidations name.
    pub(super) path_and_query: Box<[u8]>,
    pub(super) status: u16,
    pub(super) headers: HeaderList,
    pub(super) body: bytes::Bytes,
    /// The distribution's own page, made anew for each viewer: it names his request.
    pub(super) page: Option<Page>,
    pub(super) kept_at: Timestamp,
    pub(super) expires: Timestamp,
}

impl KeptAnswer {
    /// Returns whole seconds since it was kept.
    pub(super) fn age_seconds(&self, now: Timestamp) -> i64 {
        (now.seconds() - self.kept_at.seconds()).max(0)
    }
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<CacheKey, Arc<KeptAnswer>> for ByBytes {
    fn weight(&self, key: &CacheKey, kept: &Arc<KeptAnswer>) -> u64 {
        let head: usize = kept
            .headers
            .iter()
            .map(|(name, value)| name.len() + value.len() + 64)
            .sum();
        let bytes = key.0.len() + kept.path_and_query.len() + head + kept.body.len() + OVERHEAD_BYTES;
        bytes as u64
    }
}

/// The answers of all distributions.
pub struct DistributionCache {
    answers: Cache<CacheKey, Arc<KeptAnswer>, ByBytes, RandomState>,
    /// How many invalidations each distribution has had, so that an answer that was asked for before one is not kept after it.
    invalidations: papaya::HashMap<Box<str>, Arc<AtomicU64>>,
    /// What origins are being asked for.
    flights: Mutex<HashMap<CacheKey, watch::Receiver<()>>>,
}

impl DistributionCache {
    /// Returns an empty cache of at most `bytes_max`.
    pub fn new(bytes_max: u64) -> Self {
        Self {
            answers: Cache::with(
                ANSWERS_EXPECTED,
                bytes_max,
                ByBytes,
                RandomState::new(),
                quick_cache::sync::DefaultLifecycle::default(),
            ),
            invalidations: papaya::HashMap::new(),
            flights: Mutex::default(),
        }
    }

    /// Drops what is kept of a distribution under `paths`: exact, or with a `*` at the end.
    pub fn invalidate(&self, distribution: &str, paths: &[String]) {
        self.invalidations
            .pin()
            .get_or_insert_with(distribution.into(), Arc::default)
            .fetch_add(1, Ordering::SeqCst);
        self.answers.retain(|_, kept| {
            *kept.distribution != *distribution || !paths.iter().any(|path| names(path, &kept.path_and_query))
        });
    }

    /// Drops everything that is kept of a distribution.
    pub fn forget(&self, distribution: &str) {
        self.invalidate(distribution, &["/*".to_owned()]);
    }

    /// Returns a fresh answer.
    pub(crate) fn find(&self, key: &CacheKey, now: Timestamp) -> Option<Arc<KeptAnswer>> {
        self.answers.get(key).filter(|kept| kept.expires > now)
    }

    /// Returns how many invalidations a distribution has had, for [`Self::keep`].
    pub(crate) fn invalidations(&self, distribution: &str) -> u64 {
        let counts = self.invalidations.pin();
        counts
            .get(distribution)
            .map_or(0, |count| count.load(Ordering::SeqCst))
    }

    /// Keeps an answer that was asked for when its distribution had had `since` invalidations.
    pub(crate) fn keep(&self, key: CacheKey, kept: KeptAnswer, since: u64) {
        let distribution = Arc::clone(&kept.distribution);
        if self.invalidations(&distribution) != since {
            return;
        }
        self.answers.insert(key.clone(), Arc::new(kept));
        // An invalidation between the two may have swept before this was there.
        if self.invalidations(&distribution) != since {
            self.answers.remove(&key);
        }
    }
}

impl DistributionCache {
    /// Tells whether to ask the origin, or to wait for another who asks the same. Only on a miss.
    pub(crate) fn lead(self: &Arc<Self>, key: &CacheKey) -> Lead {
        let mut flights = self.flights.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(receiver) = flights.get(key) {
            return Lead::Others(Wait(receiver.clone()));
        }
        let (sender, receiver) = watch::channel(());
        flights.insert(key.clone(), receiver);
        Lead::Own(Flight {
            cache: Arc::clone(self),
            key: key.clone(),
            _landed: sender,
        })
    }
}

/// Who asks the origin.
pub(crate) enum Lead {
    Own(Flight),
    Others(Wait),
}

/// The right to ask the origin while others wait; it ends when this is dropped, however the asking ended.
pub(crate) struct Flight {
    cache: Arc<DistributionCache>,
    key: CacheKey,
    _landed: watch::Sender<()>,
}

impl Drop for Flight {
    fn drop(&mut self) {
        let mut flights = self.cache.flights.lock().unwrap_or_else(PoisonError::into_inner);
        flights.remove(&self.key);
    }
}

/// The wait for another who asks.
pub(crate) struct Wait(watch::Receiver<()>);

impl Wait {
    /// Returns when the other has its answer, or none; after `time` at the latest.
    pub(crate) async fn at_most(mut self, time: Duration) {
        // Nothing is ever sent: the channel closes.
        let _ended = tokio::time::timeout(time, self.0.changed()).await;
    }
}

impl Default for DistributionCache {
    fn default() -> Self {
        Self::new(CACHE_BYTES_MAX)
    }
}

/// Tells whether an invalidation's path names what is kept. A `*` is a wildcard at the end alone.
fn names(path: &str, kept: &[u8]) -> bool {
    match path.strip_suffix('*') {
        Some(start) => kept.starts_with(start.as_bytes()),
        None => kept == path.as_bytes(),
    }
}

/// Tells whether the name of a cookie fits one of a whitelist.
pub(super) fn cookie_fits(pattern: &str, name: &[u8]) -> bool {
    wildcards_match(pattern.as_bytes(), name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> CacheKey {
        CacheKey(text.as_bytes().into())
    }

    fn kept(distribution: &str, path: &str, body_bytes: usize) -> KeptAnswer {
        KeptAnswer {
            distribution: distribution.into(),
            path_and_query: path.as_bytes().into(),
            status: 200,
            headers: HeaderList::new(),
            body: vec![b'x'; body_bytes].into(),
            page: None,
            kept_at: Timestamp::from_seconds(100),
            expires: Timestamp::from_seconds(110),
        }
    }

    #[test]
    fn answer_is_found_until_it_expires() {
        let cache = DistributionCache::default();
        cache.keep(key("a"), kept("E1", "/a", 1), 0);
        let at = |seconds| cache.find(&key("a"), Timestamp::from_seconds(seconds)).is_some();
        assert!(at(100) && at(109));
        assert!(!at(110));
        assert!(cache.find(&key("b"), Timestamp::from_seconds(100)).is_none());
    }

    #[test]
    fn invalidation_drops_what_its_paths_name_and_nothing_of_others() {
        let cache = DistributionCache::default();
        for (name, distribution, path) in [
            ("a", "E1", "/images/a?x=1"),
            ("b", "E1", "/images/b"),
            ("c", "E1", "/other"),
            ("d", "E2", "/images/b"),
        ] {
            cache.keep(key(name), kept(distribution, path, 1), 0);
        }
        let left = |cache: &DistributionCache| -> String {
            let now = Timestamp::from_seconds(100);
            ["a", "b", "c", "d"]
                .into_iter()
                .filter(|name| cache.find(&key(name), now).is_some())
                .collect()
        };
        cache.invalidate("E1", &["/images/b".into(), "/images/a".into()]);
        assert_eq!(left(&cache), "acd");
        cache.invalidate("E1", &["/images/*".into()]);
        assert_eq!(left(&cache), "cd");
        cache.forget("E1");
        assert_eq!(left(&cache), "d");
    }

    #[test]
    fn answer_asked_for_before_an_invalidation_is_not_kept_after_it() {
        let cache = DistributionCache::default();
        let since = cache.invalidations("E1");
        cache.invalidate("E1", &["/*".into()]);
        cache.keep(key("a"), kept("E1", "/a", 1), since);
        assert!(cache.find(&key("a"), Timestamp::from_seconds(100)).is_none());
    }

    #[test]
    fn invalidation_of_one_distribution_keeps_the_answers_of_another() {
        let cache = DistributionCache::default();
        let since = cache.invalidations("E2");
        cache.invalidate("E1", &["/*".into()]);
        cache.keep(key("a"), kept("E2", "/a", 1), since);
        assert!(cache.find(&key("a"), Timestamp::from_seconds(100)).is_some());
    }

    #[test]
    fn bytes_are_bounded() {
        let bytes_max = 8 << 20;
        let cache = DistributionCache::new(bytes_max);
        for number in 0..1_000 {
            cache.keep(key(&number.to_string()), kept("E1", "/a", 50_000), 0);
        }
        assert!(cache.answers.weight() <= bytes_max);
        assert!(!cache.answers.is_empty());
    }
}
