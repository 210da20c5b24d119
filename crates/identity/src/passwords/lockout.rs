//! Guessing slowed down: after five failures a name is locked for one second, doubling up to 15 minutes.
//!
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-authentication-flow.html>,
//! "Lockout behavior for failed sign-in attempts". Names that nobody has lock the same way, so a lock gives nothing
//! away. Kept in memory: a restart forgets, which costs an attacker far more than it gives.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use aws_lc_rs::digest;
use portcullis_model::{Timestamp, UserPoolId};

use crate::IdentityError;

const FREE_FAILURES: u32 = 5;
const LOCK_SECONDS_MAX: i64 = 15 * 60;
/// A name with no attempt for so long after its lock starts anew.
const FORGET_SECONDS: i64 = 15 * 60;
/// Names remembered at once, about 4 MB.
const NAMES_MAX: usize = 65_536;

/// The hash of pool and name: a stranger's names may be long.
type Name = [u8; 32];

/// Failed attempts per name.
#[derive(Default)]
pub(crate) struct Lockout {
    names: Mutex<HashMap<Name, Failures>>,
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    locked_until: Timestamp,
}

impl Lockout {
    /// Refuses an attempt on a name that is locked. Does not lengthen the lock.
    pub(crate) fn check(&self, pool: &UserPoolId, name: &str, now: Timestamp) -> Result<(), IdentityError> {
        let names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        match names.get(&entry(pool, name)) {
            Some(failures) if now < failures.locked_until => {
                Err(IdentityError::not_authorized("Password attempts exceeded")
                    .because(format!("locked after {} failed attempts", failures.count)))
            }
            _ => Ok(()),
        }
    }

    /// Counts a failure.
    pub(crate) fn failed(&self, pool: &UserPoolId, name: &str, now: Timestamp) {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        let key = entry(pool, name);
        if names.len() >= NAMES_MAX && !names.contains_key(&key) {
            make_room(&mut names, now);
        }
        let failures = names.entry(key).or_insert(Failures {
            count: 0,
            locked_until: now,
        });
        if forgotten(failures, now) {
            failures.count = 0;
        }
        failures.count = failures.count.saturating_add(1);
        failures.locked_until = match failures.count.checked_sub(FREE_FAILURES) {
            None => now,
            Some(beyond) => now.plus_seconds(
                1i64.checked_shl(beyond.min(30))
                    .unwrap_or(LOCK_SECONDS_MAX)
                    .min(LOCK_SECONDS_MAX),
            ),
        };
    }

    /// Forgets the failures of a name that signed in.
    pub(crate) fn succeeded(&self, pool: &UserPoolId, name: &str) {
        let mut names = self.names.lock().unwrap_or_else(PoisonError::into_inner);
        names.remove(&entry(pool, name));
    }
}

fn entry(pool: &UserPoolId, name: &str) -> Name {
    let hash = digest::digest(&digest::SHA256, format!("{pool}/{name}").as_bytes());
    hash.as_ref().try_into().unwrap_or_default()
}

fn forgotten(failures: &Failures, now: Timestamp) -> bool {
    now >= failures.locked_until.plus_seconds(FORGET_SECONDS)
}

/// Drops what is forgotten anyway; when that is nothing, the half with the fewest failures, so that a flood of
/// made-up names cannot push out the name that is being guessed.
fn make_room(names: &mut HashMap<Name, Failures>, now: Timestamp) {
    names.retain(|_, failures| !forgotten(failures, now));
    if names.len() < NAMES_MAX {
        return;
    }
    let mut counts: Vec<u32> = names.values().map(|failures| failures.count).collect();
    let middle = counts.len() / 2;
    let (_, median, _) = counts.select_nth_unstable(middle);
    let median = *median;
    let mut surplus = middle;
    names.retain(|_, failures| {
        let goes = surplus > 0 && failures.count <= median;
        surplus -= usize::from(goes);
        !goes
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: Timestamp = Timestamp::from_seconds(1_000_000);

    fn pool() -> UserPoolId {
        UserPoolId::from("us-east-1_abc")
    }

    #[test]
    fn fifth_failure_locks_for_a_second_and_each_further_one_twice_as_long() {
        let lockout = Lockout::default();
        let mut now = START;
        for _ in 0..4 {
            lockout.failed(&pool(), "ann", now);
            assert!(lockout.check(&pool(), "ann", now).is_ok());
        }
        for seconds in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900] {
            lockout.failed(&pool(), "ann", now);
            let refused = lockout
                .check(&pool(), "ann", now.plus_seconds(seconds - 1))
                .unwrap_err();
            assert_eq!(
                refused.to_string(),
                "NotAuthorizedException: Password attempts exceeded"
            );
            now = now.plus_seconds(seconds);
            assert!(lockout.check(&pool(), "ann", now).is_ok());
        }
    }

    #[test]
    fn success_and_a_quiet_quarter_of_an_hour_start_anew() {
        let lockout = Lockout::default();
        for _ in 0..4 {
            lockout.failed(&pool(), "ann", START);
        }
        lockout.succeeded(&pool(), "ann");
        lockout.failed(&pool(), "ann", START);
        assert!(lockout.check(&pool(), "ann", START).is_ok());
        for _ in 0..8 {
            lockout.failed(&pool(), "ann", START);
        }
        let later = START.plus_seconds(60 * 60);
        lockout.failed(&pool(), "ann", later);
        assert!(lockout.check(&pool(), "ann", later).is_ok());
    }

    #[test]
    fn flood_of_names_stays_bounded_and_keeps_the_guessed_one() {
        let lockout = Lockout::default();
        for _ in 0..10 {
            lockout.failed(&pool(), "victim", START);
        }
        for number in 0..NAMES_MAX + 10 {
            lockout.failed(&pool(), &format!("n{number}"), START);
        }
        assert!(lockout.names.lock().unwrap().len() <= NAMES_MAX);
        assert!(lockout.check(&pool(), "victim", START).is_err());
    }
}
