//! `URL_DECODE`: `%41` becomes `A`, `+` a space; a percent sign without two digits stays.

use std::borrow::Cow;

use super::hex_number;

pub(crate) fn apply(input: &[u8]) -> Cow<'_, [u8]> {
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
            b'%' => match hex_number(after, 2) {
                Some(number) => {
                    output.push(number as u8);
                    rest = after.get(2..).unwrap_or_default();
                }
                None => output.push(b'%'),
            },
            other => output.push(other),
        }
    }
    Cow::Owned(output)
}
