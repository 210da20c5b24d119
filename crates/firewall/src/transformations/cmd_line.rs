//! `CMD_LINE`: undoes what shells overlook. `\ " ' ^` go, `,` and `;` become spaces, runs of white space one space,
//! spaces before `/` and `(` go, letters become small.

use std::borrow::Cow;

pub(super) fn apply(input: &[u8]) -> Cow<'_, [u8]> {
    let mut output: Vec<u8> = Vec::with_capacity(input.len());
    for &byte in input {
        match byte {
            b'\\' | b'"' | b'\'' | b'^' => {}
            b' ' | b',' | b';' | b'\t' | b'\r' | b'\n' => {
                if output.last() != Some(&b' ') {
                    output.push(b' ');
                }
            }
            b'/' | b'(' => {
                if output.last() == Some(&b' ') {
                    output.pop();
                }
                output.push(byte);
            }
            other => output.push(other.to_ascii_lowercase()),
        }
    }
    if output == input {
        Cow::Borrowed(input)
    } else {
        Cow::Owned(output)
    }
}
