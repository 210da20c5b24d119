//! `CSS_DECODE`: the escapes of CSS 2 (section 4.1.3): up to six digits, one white space after them goes too.

use std::borrow::Cow;

use super::{byte_of_unit, hex_digit, hex_number, is_space};

const DIGITS_MAX: usize = 6;

pub(super) fn apply(input: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', input).is_none() {
        return Cow::Borrowed(input);
    }
    let mut output = Vec::with_capacity(input.len());
    let mut rest = input;
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        if byte != b'\\' {
            output.push(byte);
            continue;
        }
        let digits = after
            .iter()
            .take(DIGITS_MAX)
            .take_while(|digit| hex_digit(**digit).is_some())
            .count();
        if digits > 0 {
            output.extend(hex_number(after, digits).map(|number| byte_of_unit(number & 0xFFFF)));
            rest = after.get(digits..).unwrap_or_default();
            if let Some((_, beyond)) = rest.split_first().filter(|(next, _)| is_space(**next)) {
                rest = beyond;
            }
        } else if let Some((&next, beyond)) = after.split_first() {
            // A backslash before the end of a line continues it.
            if next != b'\n' {
                output.push(next);
            }
            rest = beyond;
        }
    }
    Cow::Owned(output)
}
