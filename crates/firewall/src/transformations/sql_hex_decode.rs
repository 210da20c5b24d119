//! `SQL_HEX_DECODE`: `0x414243` becomes `ABC`.

use std::borrow::Cow;

use super::hex_number;

pub(super) fn apply(input: &[u8]) -> Cow<'_, [u8]> {
    let mut output = Vec::new();
    let mut rest = input;
    let mut is_changed = false;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        let digits = match after.split_first() {
            Some((b'x' | b'X', digits)) if byte == b'0' => digits,
            _ => &[],
        };
        if hex_number(digits, 2).is_none() {
            output.push(byte);
            continue;
        }
        is_changed = true;
        rest = digits;
        while let Some(number) = hex_number(rest, 2) {
            output.push(number as u8);
            rest = rest.get(2..).unwrap_or_default();
        }
    }
    if is_changed {
        Cow::Owned(output)
    } else {
        Cow::Borrowed(input)
    }
}
