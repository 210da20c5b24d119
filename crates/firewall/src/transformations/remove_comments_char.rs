//! `REMOVE_COMMENTS_CHAR`: the marks of comments go, `/*`, `*/`, `--` and `#`; what they enclose stays.

use std::borrow::Cow;

const MARKS: &[&[u8]] = &[b"/*", b"*/", b"--", b"#"];

pub(super) fn apply(input: &[u8]) -> Cow<'_, [u8]> {
    let mut output = Vec::with_capacity(input.len());
    let mut rest = input;
    while let Some((&byte, after)) = rest.split_first() {
        match MARKS.iter().find_map(|mark| rest.strip_prefix(*mark)) {
            Some(beyond) => rest = beyond,
            None => {
                output.push(byte);
                rest = after;
            }
        }
    }
    if output.len() == input.len() {
        Cow::Borrowed(input)
    } else {
        Cow::Owned(output)
    }
}
