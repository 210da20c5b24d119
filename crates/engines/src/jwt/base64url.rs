//! Base64url as JOSE writes it: no padding, no stray bits, one spelling for each value (RFC 7515 section 2).

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

/// Returns the bytes that `text` stands for; none when any symbol, padding or unused bit is out of place.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(text).ok()
}

/// Adds the text of `bytes` to `out`.
pub(super) fn encode_into(bytes: &[u8], out: &mut String) {
    URL_SAFE_NO_PAD.encode_string(bytes, out);
}

/// Returns the text of `bytes`.
pub(super) fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
