//! `NORMALIZE_PATH`: double slashes, `.` and `..` are resolved; `..` that leads out at the beginning stays.

use std::borrow::Cow;

pub(super) fn apply(input: &[u8]) -> Cow<'_, [u8]> {
    let is_absolute = input.first() == Some(&b'/');
    let mut kept: Vec<&[u8]> = Vec::new();
    let mut ends_open = false;
    for segment in input.split(|byte| *byte == b'/') {
        ends_open = segment.is_empty();
        match segment {
            b"" => {}
            b"." => {}
            b".." => {
                let leads_out = kept.last().is_none_or(|last| *last == b"..");
                if !leads_out {
                    kept.pop();
                } else if !is_absolute {
                    kept.push(segment);
                }
            }
            name => kept.push(name),
        }
    }
    let mut output = Vec::with_capacity(input.len());
    for (index, segment) in kept.iter().enumerate() {
        if index > 0 || is_absolute {
            output.push(b'/');
        }
        output.extend_from_slice(segment);
    }
    if (ends_open && !kept.is_empty()) || (is_absolute && kept.is_empty()) {
        output.push(b'/');
    }
    if output == input {
        Cow::Borrowed(input)
    } else {
        Cow::Owned(output)
    }
}
