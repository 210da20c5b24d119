//! `HEX_DECODE`: two digits become a byte. What is not a digit counts by its place after `A`, as in ModSecurity.

use std::borrow::Cow;

pub(super) fn apply(input: &[u8]) -> Cow<'_, [u8]> {
    let digit = |byte: u8| {
        if byte >= b'A' {
            (byte & 0xDF).wrapping_sub(b'A').wrapping_add(10)
        } else {
            byte.wrapping_sub(b'0')
        }
    };
    let pair = |pair: &[u8]| match pair {
        [high, low] => Some(digit(*high).wrapping_mul(16).wrapping_add(digit(*low))),
        _ => None,
    };
    Cow::Owned(input.chunks(2).filter_map(pair).collect())
}
