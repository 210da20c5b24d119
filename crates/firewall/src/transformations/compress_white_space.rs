//! `COMPRESS_WHITE_SPACE`: white space and the no-break space become one space each run.

use std::borrow::Cow;

use super::is_space;

pub(super) fn apply(input: &[u8]) -> Cow<'_, [u8]> {
    let mut output = Vec::with_capacity(input.len());
    let mut in_space = false;
    for &byte in input {
        let is_space = is_space(byte) || byte == 0xA0;
        if !is_space {
            output.push(byte);
        } else if !in_space {
            output.push(b' ');
        }
        in_space = is_space;
    }
    if output == input {
        Cow::Borrowed(input)
    } else {
        Cow::Owned(output)
    }
}
