//! `HTML_ENTITY_DECODE`: `&#x41;`, `&#65;` and the names `quot amp lt gt nbsp`; the semicolon may be missing.
//!
//! One byte comes out: of a character above 255 its low byte, as in ModSecurity.

use std::borrow::Cow;

const NAMES: &[(&[u8], u8)] = &[
    (b"quot", b'"'),
    (b"amp", b'&'),
    (b"lt", b'<'),
    (b"gt", b'>'),
    (b"nbsp", 0xA0),
];

pub(crate) fn apply(input: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = memchr::memchr(b'&', input) else {
        return Cow::Borrowed(input);
    };
    let (head, mut rest) = input.split_at(first);
    let mut output = Vec::with_capacity(input.len());
    output.extend_from_slice(head);
    while let Some((&byte, after)) = rest.split_first() {
        match (byte == b'&').then(|| entity(after)).flatten() {
            Some((decoded, used)) => {
                output.push(decoded);
                rest = after.get(used..).unwrap_or_default();
                rest = rest.strip_prefix(b";").unwrap_or(rest);
            }
            None => {
                output.push(byte);
                rest = after;
            }
        }
    }
    Cow::Owned(output)
}

/// Returns the byte and how many bytes after the ampersand stand for it.
fn entity(after: &[u8]) -> Option<(u8, usize)> {
    let Some(number) = after.strip_prefix(b"#") else {
        let length = after
            .iter()
            .take_while(|byte| byte.is_ascii_alphanumeric())
            .count();
        let name = after.get(..length)?;
        return NAMES
            .iter()
            .find(|(known, _)| name.eq_ignore_ascii_case(known))
            .map(|(_, byte)| (*byte, length));
    };
    let (digits, radix, skipped) = match number.split_first() {
        Some((b'x' | b'X', digits)) => (digits, 16, 2),
        _ => (number, 10, 1),
    };
    let values = || {
        digits
            .iter()
            .map_while(|digit| char::from(*digit).to_digit(radix))
    };
    let length = values().count();
    let value = values().fold(0_u32, |value, digit| {
        value.wrapping_mul(radix).wrapping_add(digit)
    });
    (length > 0).then_some((value as u8, length + skipped))
}
