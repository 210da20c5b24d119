//! `UTF8_TO_UNICODE`: a character beyond ASCII becomes `%uHHHH`; bytes that are not UTF-8 stay.

use std::borrow::Cow;

pub(super) fn apply(input: &[u8]) -> Cow<'_, [u8]> {
    if input.is_ascii() {
        return Cow::Borrowed(input);
    }
    let mut output = Vec::with_capacity(input.len() * 2);
    for chunk in input.utf8_chunks() {
        for character in chunk.valid().chars() {
            if character.is_ascii() {
                output.push(character as u8);
            } else {
                output.extend_from_slice(format!("%u{:04x}", u32::from(character)).as_bytes());
            }
        }
        output.extend_from_slice(chunk.invalid());
    }
    Cow::Owned(output)
}
