//! `REMOVE_WHITESPACE`: white space and the no-break space go.

use std::borrow::Cow;

use super::is_space;

pub(super) fn apply(input: &[u8]) -> Cow<'_, [u8]> {
    let goes = |byte: &u8| is_space(*byte) || *byte == 0xA0;
    if input.iter().any(goes) {
        Cow::Owned(input.iter().copied().filter(|byte| !goes(byte)).collect())
    } else {
        Cow::Borrowed(input)
    }
}
