//! Where keys are found by the hash of their value: one table with open addressing, read without a lock.
//!
//! A place holds 64 bits of the hash and the way to the key, side by side: one of a million keys is found with one step into
//! the table and one to the key, which holds all that a request asks of it. Hashes are keyed, so nobody outside can make them
//! collide or learn an order from them; the whole hash is compared in constant time.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicU64, Ordering},
};

use arc_swap::{ArcSwap, ArcSwapOption};
use aws_lc_rs::constant_time::verify_slices_are_equal;

use super::key::Key;

/// Places that an empty table has; always a power of two.
const PLACES_MIN: usize = 64;
/// Of so many places one is free at least, else the table grows: the way to a key is short.
const PLACES_PER_FREE: usize = 3;

/// What stands where no key ever was.
const FREE: u64 = 0;

/// Keys by the hashes of their values.
pub(super) struct KeyTable {
    places: ArcSwap<Places>,
    /// Whoever changes the table holds this.
    changing: Mutex<Counts>,
}

#[derive(Default)]
struct Counts {
    keys: usize,
    /// Places that are not free: they have a key, or had one.
    used: usize,
}

struct Places(Box<[Place]>);

#[derive(Default)]
struct Place {
    /// Stays when its key goes: whoever seeks another goes on behind it.
    tag: AtomicU64,
    key: ArcSwapOption<Key>,
}

impl Default for KeyTable {
    fn default() -> Self {
        Self {
            places: ArcSwap::from_pointee(Places::new(PLACES_MIN)),
            changing: Mutex::default(),
        }
    }
}

impl KeyTable {
    /// Finds the key whose value has the hash.
    pub(super) fn find(&self, hash: &[u8; 32]) -> Option<Arc<Key>> {
        self.places.load().find(hash)
    }

    /// Adds a key, or puts it in place of the one with its hash.
    pub(super) fn put(&self, key: &Arc<Key>) {
        let mut counts = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let places = self.places.load();
        if let Some(place) = places.place_of(&key.hash) {
            place.key.store(Some(Arc::clone(key)));
            return;
        }
        counts.keys += 1;
        if counts.used < places.0.len() - places.0.len() / PLACES_PER_FREE {
            counts.used += usize::from(places.add(key));
            return;
        }
        // What keys left behind is not taken along.
        let larger = Places::new((counts.keys * 2).next_power_of_two().max(PLACES_MIN));
        for known in places.0.iter().filter_map(|place| place.key.load_full()) {
            larger.add(&known);
        }
        larger.add(key);
        counts.used = counts.keys;
        self.places.store(Arc::new(larger));
    }

    /// Puts a key in place of itself as it was before, unless another has taken its place.
    pub(super) fn renew(&self, before: &Arc<Key>, key: &Arc<Key>) {
        let _changing = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = self.places.load().held_by(before) {
            place.key.store(Some(Arc::clone(key)));
        }
    }

    /// Removes a key, unless another has taken its place.
    pub(super) fn remove(&self, key: &Arc<Key>) {
        let mut counts = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(place) = self.places.load().held_by(key) {
            place.key.store(None);
            counts.keys = counts.keys.saturating_sub(1);
        }
    }
}

impl Places {
    fn new(count: usize) -> Self {
        Self((0..count).map(|_| Place::default()).collect())
    }

    /// Returns the places from where a tag belongs on, each once.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "some bits of the tag are as good as others"
    )]
    fn from(&self, tag: u64) -> impl Iterator<Item = &Place> {
        let start = tag as usize & (self.0.len() - 1);
        let (before, behind) = self.0.split_at_checked(start).unwrap_or((&[], &self.0));
        behind.iter().chain(before)
    }

    fn find(&self, hash: &[u8; 32]) -> Option<Arc<Key>> {
        let tag = tag_of(hash);
        for place in self.from(tag) {
            match place.tag.load(Ordering::Acquire) {
                FREE => return None,
                other if other != tag => {}
                _ => {
                    if let Some(key) = place.key.load_full()
                        && verify_slices_are_equal(&key.hash, hash).is_ok()
                    {
                        return Some(key);
                    }
                }
            }
        }
        None
    }

    /// Returns the place that has a key with the hash.
    fn place_of(&self, hash: &[u8; 32]) -> Option<&Place> {
        let tag = tag_of(hash);
        let known = self
            .from(tag)
            .take_while(|place| place.tag.load(Ordering::Relaxed) != FREE);
        let mut own = known.filter(|place| place.tag.load(Ordering::Relaxed) == tag);
        own.find(|place| place.key.load().as_ref().is_some_and(|key| key.hash == *hash))
    }

    /// Returns the place that has this very key.
    fn held_by(&self, key: &Arc<Key>) -> Option<&Place> {
        let place = self.place_of(&key.hash)?;
        let known = place.key.load();
        let is_own = known.as_ref().is_some_and(|known| Arc::ptr_eq(known, key));
        is_own.then_some(place)
    }

    /// Puts a key into the first place without one. True: nothing ever was there.
    fn add(&self, key: &Arc<Key>) -> bool {
        let tag = tag_of(&key.hash);
        let Some(place) = self.from(tag).find(|place| place.key.load().is_none()) else {
            return false;
        };
        let was_free = place.tag.load(Ordering::Relaxed) == FREE;
        // In this order: whoever sees the key saw its tag, and whoever sees the tag alone finds no key yet.
        place.tag.store(tag, Ordering::Release);
        place.key.store(Some(Arc::clone(key)));
        was_free
    }
}

/// Returns the bits of a hash by which a place is found; never [`FREE`].
fn tag_of(hash: &[u8; 32]) -> u64 {
    let first = hash.first_chunk::<8>().copied().unwrap_or_default();
    u64::from_le_bytes(first).max(FREE + 1)
}

#[cfg(test)]
mod tests;
