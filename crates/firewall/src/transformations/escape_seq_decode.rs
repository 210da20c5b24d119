//! `ESCAPE_SEQ_DECODE`: the escapes of ANSI C, `\n`, `\x41`, `\101`; an unknown one loses its backslash.

use std::borrow::Cow;

use super::hex_number;

pub(super) fn apply(input: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', input).is_none() {
        return Cow::Borrowed(input);
    }
    let mut output = Vec::with_capacity(input.len());
    let mut rest = input;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let Some((&escape, beyond)) = after.split_first().filter(|_| byte == b'\\') else {
            output.push(byte);
            continue;
        };
        rest = beyond;
        if let Some(letter) = letter(escape) {
            output.push(letter);
        } else if escape == b'x' && hex_number(beyond, 2).is_some() {
            output.extend(hex_number(beyond, 2).map(|number| number as u8));
            rest = beyond.get(2..).unwrap_or_default();
        } else if let Some((number, digits)) = octal(after, 3) {
            output.push(number);
            rest = after.get(digits..).unwrap_or_default();
        } else {
            output.push(escape);
        }
    }
    Cow::Owned(output)
}

/// Returns the control character for which a letter stands.
pub(super) fn letter(escape: u8) -> Option<u8> {
    match escape {
        b'a' => Some(7),
        b'b' => Some(8),
        b'f' => Some(12),
        b'n' => Some(b'\n'),
        b'r' => Some(b'\r'),
        b't' => Some(b'\t'),
        b'v' => Some(11),
        _ => None,
    }
}

/// Reads up to `most` octal digits and returns the low byte and how many there were.
pub(super) fn octal(bytes: &[u8], most: usize) -> Option<(u8, usize)> {
    let digits = || {
        bytes
            .iter()
            .take(most)
            .map_while(|byte| char::from(*byte).to_digit(8))
    };
    let count = digits().count();
    (count > 0).then(|| {
        (
            digits().fold(0_u32, |number, digit| number * 8 + digit) as u8,
            count,
        )
    })
}
