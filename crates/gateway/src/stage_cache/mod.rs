//! The response cache of a stage: answers of its methods, kept in memory within the size of its cluster.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-caching.html>. What stands in a key is AWS's: the
//! method, the namespace, the parameters that the integration names. Ours besides: the deployment, so that none answers for
//! another, and the caller, so that nobody reads what another was told; the tag [`CALLERS_TAG`] gives the latter up.

pub(crate) mod kept;
pub(crate) mod settings;

use std::{
    hash::RandomState,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use portcullis_model::Timestamp;
use quick_cache::{Weighter, sync::Cache};

use self::kept::Kept;
use crate::http::memory::Memory;

/// The tag that says whose answers a caller may get: `own`, which is so without it, or `shared`, as on AWS.
pub const CALLERS_TAG: &str = "portcullis:cache-callers";
/// Bytes that the caches of all stages hold together, however large their clusters are.
pub(crate) const STAGE_CACHES_BYTES_MAX: usize = 1 << 30;
/// Bytes of a body that is kept; a longer one passes and is not kept. AWS's quota.
pub(crate) const CACHED_BODY_BYTES_MAX: usize = 1_048_576;
/// For sizing the tables.
const ANSWERS_EXPECTED: usize = 1_024;
/// What an answer costs beside its bytes.
const OVERHEAD_BYTES: usize = 256;
/// The sizes that a cluster may have, in gigabytes as AWS names them, and in bytes.
const SIZES: [(&str, u64); 8] = [
    ("0.5", 500_000_000),
    ("1.6", 1_600_000_000),
    ("6.1", 6_100_000_000),
    ("13.5", 13_500_000_000),
    ("28.4", 28_400_000_000),
    ("58.2", 58_200_000_000),
    ("118", 118_000_000_000),
    ("237", 237_000_000_000),
];

/// The account of all stages.
static CACHES: Memory = Memory::new(STAGE_CACHES_BYTES_MAX);

/// Everything that an answer may depend on, each part with its length in front.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct CacheKey(Box<[u8]>);

impl CacheKey {
    /// Joins parts so that no two lists of parts are one key.
    pub(crate) fn of<'a>(parts: impl IntoIterator<Item = Option<&'a [u8]>>) -> Self {
        let mut key = Vec::new();
        for part in parts {
            match part {
                None => key.push(0),
                Some(part) => {
                    key.push(1);
                    key.extend_from_slice(&(part.len() as u64).to_le_bytes());
                    key.extend_from_slice(part);
                }
            }
        }
        Self(key.into())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

#[derive(Clone)]
struct ByBytes;

impl Weighter<CacheKey, Arc<Kept>> for ByBytes {
    fn weight(&self, _: &CacheKey, kept: &Arc<Kept>) -> u64 {
        kept.bytes() as u64
    }
}

/// The answers of one stage. A look-up takes the lock of one shard for as long as it takes to count a reference.
pub(crate) struct StageCache {
    answers: Cache<CacheKey, Arc<Kept>, ByBytes, RandomState>,
    bytes_max: u64,
    /// How often it was flushed, so that an answer that was asked for before is not kept after.
    flushes: AtomicU64,
}

impl StageCache {
    /// Returns the empty cache of a cluster; the error says which sizes there are.
    pub(crate) fn of_size(size: &str) -> Result<Self, String> {
        let found = SIZES.iter().find(|(name, _)| *name == size);
        let (_, bytes_max) = found.ok_or_else(|| {
            let names: Vec<&str> = SIZES.iter().map(|(name, _)| *name).collect();
            format!(
                "`{size}` is no size of a cache: use one of `{}`",
                names.join("`, `")
            )
        })?;
        Ok(Self::holding(*bytes_max))
    }

    fn holding(bytes_max: u64) -> Self {
        Self {
            answers: Cache::with(
                ANSWERS_EXPECTED,
                bytes_max,
                ByBytes,
                RandomState::new(),
                quick_cache::sync::DefaultLifecycle::default(),
            ),
            bytes_max,
            flushes: AtomicU64::new(0),
        }
    }

    /// Tells whether another is of the same size, so that it can go on in its place.
    pub(crate) const fn is_as_large_as(&self, other: &Self) -> bool {
        self.bytes_max == other.bytes_max
    }

    /// Returns a fresh answer.
    pub(crate) fn find(&self, key: &CacheKey, now: Timestamp) -> Option<Arc<Kept>> {
        let kept = self.answers.get(key)?;
        if kept.expires() > now {
            return Some(kept);
        }
        self.answers.remove(key);
        None
    }

    /// Returns how often it was flushed, for [`Self::keep`].
    pub(crate) fn flushes(&self) -> u64 {
        self.flushes.load(Ordering::SeqCst)
    }

    /// Keeps an answer that was asked for after `since` flushes, if there is room.
    pub(crate) fn keep(&self, key: CacheKey, kept: Kept, since: u64) {
        if self.flushes() != since {
            return;
        }
        self.answers.insert(key.clone(), Arc::new(kept));
        // A flush between the two may have swept before this was there.
        if self.flushes() != since {
            self.answers.remove(&key);
        }
    }

    /// Drops everything.
    pub(crate) fn flush(&self) {
        self.flushes.fetch_add(1, Ordering::SeqCst);
        self.answers.clear();
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use portcullis_model::HeaderList;

    use super::*;

    fn kept(bytes: usize, expires: i64) -> Kept {
        let body = Bytes::from(vec![b'x'; bytes]);
        Kept::plain(200, HeaderList::new(), body, 0, Timestamp::from_seconds(expires)).unwrap()
    }

    fn key(name: &str) -> CacheKey {
        CacheKey::of([Some(name.as_bytes())])
    }

    #[test]
    fn answers_live_until_their_time_is_over() {
        let cache = StageCache::of_size("0.5").unwrap();
        cache.keep(key("a"), kept(10, 100), 0);
        assert!(cache.find(&key("a"), Timestamp::from_seconds(99)).is_some());
        assert!(cache.find(&key("b"), Timestamp::from_seconds(99)).is_none());
        assert!(cache.find(&key("a"), Timestamp::from_seconds(100)).is_none());
        assert_eq!(cache.answers.len(), 0);
    }

    #[test]
    fn flush_drops_what_is_there_and_what_was_asked_for_before() {
        let cache = StageCache::of_size("237").unwrap();
        let since = cache.flushes();
        cache.keep(key("a"), kept(10, 100), since);
        cache.flush();
        assert!(cache.find(&key("a"), Timestamp(0)).is_none());
        cache.keep(key("late"), kept(10, 100), since);
        assert!(cache.find(&key("late"), Timestamp(0)).is_none());
        cache.keep(key("new"), kept(10, 100), cache.flushes());
        assert!(cache.find(&key("new"), Timestamp(0)).is_some());
    }

    #[test]
    fn cache_never_holds_more_than_its_size_and_gives_back_what_it_drops() {
        let cache = StageCache::holding(100_000);
        for number in 0..1_000 {
            cache.keep(key(&number.to_string()), kept(5_000, 100), 0);
            assert!(cache.answers.weight() <= 100_000);
        }
        assert!(cache.answers.len() >= 5);
        let held = CACHES.held();
        cache.flush();
        assert!(CACHES.held() <= held.saturating_sub(25_000));
        cache.keep(key("too long"), kept(200_000, 100), 0);
        assert!(cache.find(&key("too long"), Timestamp(0)).is_none());
    }

    #[test]
    fn no_two_lists_of_parts_are_one_key() {
        let lists: [&[Option<&[u8]>]; 6] = [
            &[Some(b"ab"), Some(b"c")],
            &[Some(b"a"), Some(b"bc")],
            &[Some(b"abc")],
            &[Some(b"abc"), None],
            &[Some(b"abc"), Some(b"")],
            &[None, Some(b"abc")],
        ];
        for (at, one) in lists.iter().enumerate() {
            for other in &lists[at + 1..] {
                assert_ne!(
                    CacheKey::of(one.iter().copied()),
                    CacheKey::of(other.iter().copied())
                );
            }
        }
    }

    #[test]
    fn sizes_are_those_of_aws() {
        assert!(StageCache::of_size("1").err().unwrap().contains("`0.5`, `1.6`"));
    }
}
