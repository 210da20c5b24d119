//! `URL_DECODE_UNI`: like `URL_DECODE`, and `%u0041` becomes `A`; full-width letters become ASCII.

use std::borrow::Cow;

use super::{byte_of_unit, hex_number};

pub(super) fn apply(input: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = memchr::memchr2(b'%', b'+', input) else {
        return Cow::Borrowed(input);
    };
    let (head, mut rest) = input.split_at(first);
    let mut output = Vec::with_capacity(input.len());
    output.extend_from_slice(head);
    while let Some((&byte, after)) = rest.split_first() {
        rest = after;
        match byte {
            b'+' => output.push(b' '),
            b'%' => {
                let unit = match after.split_first() {
                    Some((b'u' | b'U', digits)) => hex_number(digits, 4).map(|unit| (byte_of_unit(unit), 5)),
                    _ => hex_number(after, 2).map(|number| (number as u8, 2)),
                };
                match unit {
                    Some((decoded, used)) => {
                        output.push(decoded);
                        rest = after.get(used..).unwrap_or_default();
                    }
                    None => output.push(b'%'),
                }
            }
            other => output.push(other),
        }
    }
    Cow::Owned(output)
}
