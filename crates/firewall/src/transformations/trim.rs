//! `TRIM`, `TRIM_LEFT`, `TRIM_RIGHT`: white space at the ends goes.

use std::borrow::Cow;

use super::is_space;

pub(super) fn both(input: &[u8]) -> Cow<'_, [u8]> {
    Cow::Borrowed(without_end(without_start(input)))
}

pub(super) fn left(input: &[u8]) -> Cow<'_, [u8]> {
    Cow::Borrowed(without_start(input))
}

pub(super) fn right(input: &[u8]) -> Cow<'_, [u8]> {
    Cow::Borrowed(without_end(input))
}

fn without_start(input: &[u8]) -> &[u8] {
    let start = input
        .iter()
        .position(|byte| !is_space(*byte))
        .unwrap_or(input.len());
    input.get(start..).unwrap_or_default()
}

fn without_end(input: &[u8]) -> &[u8] {
    let end = input
        .iter()
        .rposition(|byte| !is_space(*byte))
        .map_or(0, |last| last + 1);
    input.get(..end).unwrap_or_default()
}
