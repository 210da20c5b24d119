//! How long until the next attempt: twice as long each time, with jitter, so that many do not come back at once.

use portcullis_model::Entropy;

/// Milliseconds before the first repetition, at most.
const FIRST_MS: i64 = 1_000;
/// Milliseconds between two attempts, at most.
const LONGEST_MS: i64 = 15 * 60 * 1_000;

/// Returns how many milliseconds to wait after `attempts` attempts: between half and all of a doubling time.
pub(super) fn after(attempts: u32, entropy: &dyn Entropy) -> i64 {
    let doublings = attempts.saturating_sub(1).min(20);
    let longest = FIRST_MS.saturating_mul(1 << doublings).min(LONGEST_MS);
    let mut random = [0; 8];
    entropy.fill(&mut random);
    let half = longest / 2;
    let jitter = u64::from_le_bytes(random) % u64::try_from(half + 1).unwrap_or(1);
    half + i64::try_from(jitter).unwrap_or_default()
}
