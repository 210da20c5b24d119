//! Numbers as Cognito's clients write them: hexadecimal without leading zeros, and the padding that their hashes use.

use std::fmt::Write as _;

use super::{SrpError, group::BYTES};

/// Returns `bytes` without leading zeros.
pub(super) fn minimal(bytes: &[u8]) -> &[u8] {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    bytes.get(zeros..).unwrap_or_default()
}

/// Returns the bytes that enter a hash: minimal, with a zero in front when the top bit is set, as Java's
/// `BigInteger.toByteArray` writes a positive number.
pub(super) fn padded(bytes: &[u8]) -> Vec<u8> {
    let bytes = minimal(bytes);
    let mut padded = Vec::with_capacity(bytes.len() + 1);
    if bytes.first().is_none_or(|byte| *byte >= 0x80) {
        padded.push(0);
    }
    padded.extend_from_slice(bytes);
    padded
}

/// Returns `bytes` in lower-case hexadecimal.
pub(super) fn encode(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// Returns `bytes` in lower-case hexadecimal without leading zeros.
pub(super) fn encode_minimal(bytes: &[u8]) -> String {
    let text = encode(bytes);
    text.trim_start_matches('0').to_owned()
}

/// Reads a public value: 1 to 768 digits, of odd length too.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, SrpError> {
    if text.is_empty() || text.len() > BYTES * 2 {
        return Err(SrpError::MalformedPublicValue);
    }
    let mut digits = text.bytes().map(|digit| match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    });
    let mut next = || digits.next().flatten().ok_or(SrpError::MalformedPublicValue);
    let mut bytes = Vec::with_capacity(text.len().div_ceil(2));
    if text.len() % 2 == 1 {
        bytes.push(next()?);
    }
    for _ in 0..text.len() / 2 {
        bytes.push(next()? << 4 | next()?);
    }
    Ok(bytes)
}
