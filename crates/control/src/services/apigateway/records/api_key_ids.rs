//! Ids of API keys: ten of `[a-z0-9]`, as AWS's, in the order in which the keys are made, so that a million of them lie together in
//! every index, and a listing goes from the oldest to the newest.
//!
//! An id is a number of microseconds, and no number is given twice in a process; whoever writes a key expects that none has its id,
//! so that a clock that was put back costs an error and never a key. An id says when a key was made and nothing of its value.

use std::sync::atomic::{AtomicU64, Ordering};

use portcullis_model::Timestamp;

/// Characters of an id: enough until the year 2085.
const CHARACTERS: u32 = 10;
const DIGITS: [char; 36] = [
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k',
    'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z',
];

/// The first number that nobody has.
static FREE: AtomicU64 = AtomicU64::new(0);

/// Returns the id of a key that is made `now`.
pub(super) fn next(now: Timestamp) -> String {
    let now = u64::try_from(now.millis()).unwrap_or(0).saturating_mul(1_000);
    let taken = FREE.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |free| {
        free.max(now).checked_add(1)
    });
    written(taken.map_or(now, |free| free.max(now)))
}

fn written(number: u64) -> String {
    let digit = |place: u32| {
        let digit = (number / 36_u64.pow(place)) % 36;
        let digit = usize::try_from(digit).ok().and_then(|digit| DIGITS.get(digit));
        digit.copied().unwrap_or('0')
    };
    (0..CHARACTERS).rev().map(digit).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ids_have_the_shape_of_awss_and_are_ordered_by_their_bytes() {
        assert_eq!(written(0), "0000000000");
        assert_eq!(written(35), "000000000z");
        assert_eq!(written(36), "0000000010");
        assert_eq!(written(36_u64.pow(10) - 1), "zzzzzzzzzz");
        assert!(written(36_u64.pow(9) - 1) < written(36_u64.pow(9)));
    }

    #[test]
    fn no_id_comes_twice_whatever_the_clock_says() {
        let draw = |millis| (0..2_000).map(move |_| next(Timestamp(millis)));
        let threads: Vec<_> = [1_795_000_000_000, 1_795_000_000_000, 1_795_000_000_001, 5]
            .map(|millis| std::thread::spawn(move || draw(millis).collect::<Vec<_>>()))
            .into();
        let drawn: Vec<Vec<String>> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert!(drawn.iter().all(|ids| ids.is_sorted()));
        let all: BTreeSet<&String> = drawn.iter().flatten().collect();
        assert_eq!(all.len(), 8_000);
    }
}
