//! `BASE64_DECODE_EXT`: like `BASE64_DECODE`, and letters that are not base64 are skipped (RFC 2045 section 6.8).

use std::borrow::Cow;

use super::base64_decode::{decode, sextet};

pub(super) fn apply(input: &[u8]) -> Cow<'_, [u8]> {
    let content = input.iter().take_while(|byte| **byte != b'=');
    Cow::Owned(decode(content.filter_map(|byte| sextet(*byte))))
}
