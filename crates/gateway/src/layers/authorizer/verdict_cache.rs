//! What Lambda authorizers said before: results by authorizer and identity, until they expire. The policy in a result is
//! evaluated anew for every call.
//!
//! Each thread keeps results of its own, found without a lock. What it has not, it looks for among those that the authorizer
//! keeps for all threads, before it asks the function.

use std::{cell::RefCell, collections::HashMap, hash::RandomState, rc::Rc, sync::Arc};

use portcullis_model::Timestamp;
use quick_cache::{Weighter, sync, unsync::Cache};
use tokio::sync::Notify;

use super::lambda_answer::Answer;

/// Results kept by each thread, and by each authorizer for all threads, in bytes.
const CACHE_BYTES_MAX: u64 = 8 << 20;
const ANSWERS_EXPECTED: usize = 256;
/// What an entry costs beside its identity and answer.
const ENTRY_BYTES: u64 = 512;

/// Whose result: the authorizer as it was compiled, so that no other API, authorizer or deployment finds it, and the identity.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) generation: u64,
    pub(crate) identity: Box<[u8]>,
}

/// A result and how long it holds.
#[derive(Clone)]
pub(crate) struct Kept {
    pub(crate) answer: Arc<Answer>,
    pub(crate) expires: Timestamp,
}

/// The results of one authorizer, for all threads; they end with it.
pub(crate) struct SharedResults(sync::Cache<Box<[u8]>, Kept, ByLength>);

impl SharedResults {
    pub(crate) fn new() -> Self {
        Self(sync::Cache::with_weighter(
            ANSWERS_EXPECTED,
            CACHE_BYTES_MAX,
            ByLength,
        ))
    }

    /// Returns the result that still holds at `now`.
    pub(crate) fn find(&self, identity: &[u8], now: Timestamp) -> Option<Kept> {
        let kept = self.0.get(identity)?;
        if kept.expires <= now {
            self.0.remove(identity);
            return None;
        }
        Some(kept)
    }

    pub(crate) fn keep(&self, identity: Box<[u8]>, kept: Kept) {
        self.0.insert(identity, kept);
    }
}

/// The results of one thread, and who is being asked for just now.
pub(crate) struct VerdictCache {
    kept: RefCell<Cache<Key, Kept, ByLength, RandomState>>,
    asking: RefCell<HashMap<Key, Rc<Notify>>>,
}

impl VerdictCache {
    pub(crate) fn new() -> Self {
        Self {
            kept: RefCell::new(Cache::with(
                ANSWERS_EXPECTED,
                CACHE_BYTES_MAX,
                ByLength,
                RandomState::new(),
                quick_cache::unsync::DefaultLifecycle::default(),
            )),
            asking: RefCell::new(HashMap::new()),
        }
    }

    /// Returns the result that still holds at `now`.
    pub(crate) fn find(&self, key: &Key, now: Timestamp) -> Option<Arc<Answer>> {
        let kept = self.kept.borrow().get(key).cloned()?;
        if kept.expires <= now {
            self.kept.borrow_mut().remove(key);
            return None;
        }
        Some(kept.answer)
    }

    pub(crate) fn keep(&self, key: Key, kept: Kept) {
        self.kept.borrow_mut().insert(key, kept);
    }

    /// Lets one exchange ask for an identity while others wait for what it learns. Returns once: whoever has waited in vain asks
    /// for himself.
    pub(crate) async fn turn(&self, key: &Key) -> Option<Turn<'_>> {
        let others = self.asking.borrow().get(key).cloned();
        if let Some(others) = others {
            others.notified().await;
            return None;
        }
        self.asking
            .borrow_mut()
            .insert(key.clone(), Rc::new(Notify::new()));
        Some(Turn {
            cache: self,
            key: key.clone(),
        })
    }
}

/// While it lives, others wait; it ends with the exchange too, should that be given up.
pub(crate) struct Turn<'a> {
    cache: &'a VerdictCache,
    key: Key,
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        if let Some(waiting) = self.cache.asking.borrow_mut().remove(&self.key) {
            waiting.notify_waiters();
        }
    }
}

#[derive(Clone)]
struct ByLength;

impl Weighter<Key, Kept> for ByLength {
    fn weight(&self, key: &Key, kept: &Kept) -> u64 {
        weight(&key.identity, kept)
    }
}

impl Weighter<Box<[u8]>, Kept> for ByLength {
    fn weight(&self, identity: &Box<[u8]>, kept: &Kept) -> u64 {
        weight(identity, kept)
    }
}

/// A compiled policy takes several times its text.
fn weight(identity: &[u8], kept: &Kept) -> u64 {
    (identity.len() as u64)
        .saturating_add(kept.answer.text_bytes.saturating_mul(4))
        .saturating_add(ENTRY_BYTES)
}
