//! `JS_DECODE`: the escapes of JavaScript, `\u0041`, `\x41`, `\101`; full-width letters become ASCII.

use std::borrow::Cow;

use super::{
    byte_of_unit,
    escape_seq_decode::{letter, octal},
    hex_number,
};

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
        let (decoded, used, from) = decode(escape, after, beyond);
        output.push(decoded);
        rest = from.get(used..).unwrap_or_default();
    }
    Cow::Owned(output)
}

/// Returns the byte, and how much of which slice is used up.
fn decode<'a>(escape: u8, after: &'a [u8], beyond: &'a [u8]) -> (u8, usize, &'a [u8]) {
    if let Some(unit) = hex_number(beyond, 4).filter(|_| escape == b'u') {
        return (byte_of_unit(unit), 4, beyond);
    }
    if let Some(number) = hex_number(beyond, 2).filter(|_| escape == b'x') {
        return (number as u8, 2, beyond);
    }
    // An octal escape stays below 256, so a third digit needs a small first one.
    let digits_max = if escape <= b'3' { 3 } else { 2 };
    if let Some((number, digits)) = octal(after, digits_max) {
        return (number, digits, after);
    }
    (letter(escape).unwrap_or(escape), 0, beyond)
}
