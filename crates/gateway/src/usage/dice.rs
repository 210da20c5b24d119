//! Numbers that look random and are the same each time, for tests.

/// Returns what throws numbers below a bound, by xorshift from `seed`, which is not zero.
pub(super) fn dice(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed;
    move |bound| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % bound
    }
}
