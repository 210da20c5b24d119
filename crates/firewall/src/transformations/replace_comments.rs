//! `REPLACE_COMMENTS`: `/* … */` becomes one space, also when it does not end.

use std::borrow::Cow;

use memchr::memmem;

pub(super) fn apply(input: &[u8]) -> Cow<'_, [u8]> {
    if memmem::find(input, b"/*").is_none() {
        return Cow::Borrowed(input);
    }
    let mut output = Vec::with_capacity(input.len());
    let mut rest = input;
    while let Some((before, comment)) =
        memmem::find(rest, b"/*").and_then(|start| rest.split_at_checked(start))
    {
        output.extend_from_slice(before);
        output.push(b' ');
        let inside = comment.get(2..).unwrap_or_default();
        rest = memmem::find(inside, b"*/")
            .and_then(|end| inside.get(end + 2..))
            .unwrap_or_default();
    }
    output.extend_from_slice(rest);
    Cow::Owned(output)
}
