//! `NORMALIZE_PATH_WIN`: backslashes become slashes, then as `NORMALIZE_PATH`.

use std::borrow::Cow;

use super::normalize_path;

pub(super) fn apply(input: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'\\', input).is_none() {
        return normalize_path::apply(input);
    }
    let slashes: Vec<u8> = input
        .iter()
        .map(|byte| if *byte == b'\\' { b'/' } else { *byte })
        .collect();
    Cow::Owned(normalize_path::apply(&slashes).into_owned())
}
