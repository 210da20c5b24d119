//! The table beside a simple map, with hashes that collide on purpose, and read while it changes.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use super::{Key, KeyTable};
use crate::usage::{Changing, KeyName, dice::dice};

/// A hash whose first bytes are those of only a few others.
fn hash(number: u64, tags: u64) -> [u8; 32] {
    let mut hash = [0; 32];
    for (byte, made) in hash.iter_mut().zip((number % tags).to_le_bytes()) {
        *byte = made;
    }
    for (byte, made) in hash.iter_mut().skip(8).zip(number.to_le_bytes()) {
        *byte = made;
    }
    hash
}

fn key(number: u64, tags: u64) -> Arc<Key> {
    let no_plan = Changing::default().no_plan;
    let id = KeyName::of(&format!("key-{number}"));
    Arc::new(Key::new(id, hash(number, tags), true, no_plan))
}

#[test]
fn table_holds_what_a_map_holds_whatever_collides() {
    for (seed, tags) in [(1_u64, 1_u64), (2, 3), (3, 64), (4, u64::MAX)] {
        let (table, mut map) = (KeyTable::default(), HashMap::new());
        let mut below = dice(seed);
        for _ in 0..4_000 {
            let number = below(200);
            if below(3) > 0 {
                let added = key(number, tags);
                table.put(&added);
                map.insert(number, added);
            } else if let Some(gone) = map.remove(&number) {
                table.remove(&gone);
            }
            let number = below(200);
            let found = table.find(&hash(number, tags));
            let is_same = match (&found, map.get(&number)) {
                (Some(found), Some(known)) => Arc::ptr_eq(found, known),
                (found, known) => found.is_none() && known.is_none(),
            };
            assert!(is_same, "seed {seed}: {number} is {found:?}");
        }
        let counts = table.changing.lock().unwrap();
        assert_eq!(counts.keys, map.len());
        assert!(table.places.load().0.len() <= 1_024, "what went is not kept");
    }
}

#[test]
fn key_that_took_a_place_stays_when_the_one_before_goes() {
    let table = KeyTable::default();
    let (before, after) = (key(7, 64), key(7, 64));
    table.put(&before);
    table.put(&after);
    // Neither what the one before becomes nor its end touches whoever has the place now.
    table.renew(&before, &key(7, 64));
    table.remove(&before);
    let found = table.find(&hash(7, 64)).unwrap();
    assert!(Arc::ptr_eq(&found, &after));
    table.remove(&after);
    assert!(table.find(&hash(7, 64)).is_none());
}

#[test]
fn readers_find_their_key_and_no_other_while_the_table_grows_and_shrinks() {
    const STAY: u64 = 200;
    let table = Arc::new(KeyTable::default());
    for number in 0..STAY {
        table.put(&key(number, 397));
    }
    let ends = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..3_u64)
        .map(|reader| {
            let (table, ends) = (Arc::clone(&table), Arc::clone(&ends));
            std::thread::spawn(move || {
                let mut number = reader;
                while !ends.load(Ordering::Relaxed) {
                    number = (number + 7) % (STAY * 8);
                    let found = table.find(&hash(number, 397));
                    assert!(found.is_some() || number >= STAY, "{number} must be there");
                    if let Some(found) = found {
                        assert_eq!(&*found.id, format!("key-{number}"));
                    }
                }
            })
        })
        .collect();
    for _ in 0..8 {
        let come_and_go: Vec<_> = (STAY..STAY * 8).map(|number| key(number, 397)).collect();
        come_and_go.iter().for_each(|key| table.put(key));
        come_and_go.iter().for_each(|key| table.remove(key));
    }
    ends.store(true, Ordering::Relaxed);
    for reader in readers {
        reader.join().unwrap();
    }
}

#[test]
fn key_with_its_meter_takes_two_lines_of_the_cache() {
    // With the two counts of an `Arc`.
    assert_eq!(size_of::<Key>() + 16, 128);
}
