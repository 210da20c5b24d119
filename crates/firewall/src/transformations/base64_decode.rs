//! `BASE64_DECODE`: decodes as far as the value is base64 (RFC 4648 section 4).

use std::borrow::Cow;

pub(super) fn apply(input: &[u8]) -> Cow<'_, [u8]> {
    let length = input
        .iter()
        .position(|byte| sextet(*byte).is_none())
        .unwrap_or(input.len());
    Cow::Owned(decode(input.iter().take(length).filter_map(|byte| sextet(*byte))))
}

/// Returns the six bits for which a letter stands.
pub(super) fn sextet(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

/// Joins groups of six bits to bytes; bits left over at the end are dropped.
pub(super) fn decode(sextets: impl Iterator<Item = u8>) -> Vec<u8> {
    let (mut bits, mut count) = (0_u32, 0);
    let mut output = Vec::new();
    for sextet in sextets {
        bits = bits << 6 | u32::from(sextet);
        count += 6;
        if count >= 8 {
            count -= 8;
            output.push((bits >> count) as u8);
        }
    }
    output
}
