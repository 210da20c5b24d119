//! `UriEncode` of Signature Version 4: everything but RFC 3986's unreserved characters becomes `%XY`.

const DIGITS: &[u8; 16] = b"0123456789ABCDEF";

/// Adds `bytes` to `out`, encoded. Slashes stay when `keep_slash`.
pub(super) fn encode_into(bytes: &[u8], keep_slash: bool, out: &mut Vec<u8>) {
    for byte in bytes {
        let is_unreserved = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
        if is_unreserved || (keep_slash && *byte == b'/') {
            out.push(*byte);
        } else {
            let digit = |value: u8| DIGITS.get(usize::from(value & 15)).copied().unwrap_or(b'0');
            out.extend_from_slice(&[b'%', digit(byte >> 4), digit(*byte)]);
        }
    }
}

/// Returns a part of a query decoded: `+` is a space, as it will be to whoever reads the parameter. Were it signed as
/// a plus, `%2B` could be exchanged for it.
pub(super) fn decode_query(text: &str) -> Vec<u8> {
    decode(&text.replace('+', " "))
}

/// Returns `text` with every `%XY` replaced by its byte; other percent signs stay what they are.
pub(super) fn decode(text: &str) -> Vec<u8> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        let mut ahead = bytes.clone();
        match (byte, ahead.next().and_then(value), ahead.next().and_then(value)) {
            (b'%', Some(high), Some(low)) => {
                out.push(high << 4 | low);
                bytes = ahead;
            }
            _ => out.push(byte),
        }
    }
    out
}

fn value(digit: u8) -> Option<u8> {
    char::from(digit)
        .to_digit(16)
        .and_then(|value| u8::try_from(value).ok())
}
