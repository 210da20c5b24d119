//! Reads a tag, its attributes and their values, as a browser would.

use super::names;
use crate::transformations::html_entity_decode;

/// Attributes of one tag that are looked at.
const ATTRIBUTES_MAX: usize = 64;
/// Bytes of an address or a declaration that are looked at.
const LOOK_BYTES_MAX: usize = 1_024;

/// The unquoted attribute that was measured last. Tags that begin inside it end where it ends, so that tags inside
/// tags do not make the time grow with the square of the length.
#[derive(Default)]
pub(super) struct Reach {
    start: usize,
    end: usize,
}

impl Reach {
    fn end_of_unquoted(&mut self, bytes: &[u8], start: usize) -> Option<usize> {
        if !(self.start..self.end).contains(&start) {
            let inside = bytes.get(start..)?;
            let length = count(inside, |byte| !is_space(byte) && byte != b'>');
            *self = Self {
                start,
                end: start + length,
            };
        }
        Some(self.end)
    }
}

/// Reads what begins with the `<` at `start`; returns the evidence and where to go on.
pub(super) fn tag(value: &[u8], start: usize, reach: &mut Reach) -> (Option<&'static str>, usize) {
    let inside = value.get(start + 1..).unwrap_or_default();
    match inside.first() {
        Some(b'!') => return (markup_declaration(inside), start + 2),
        Some(b'?') => {
            let is_sheet = starts_with(inside, b"?xml-stylesheet") || starts_with(inside, b"?import");
            return (is_sheet.then_some("processing instruction"), start + 2);
        }
        _ => {}
    }
    let is_end = inside.first() == Some(&b'/');
    let name_at = start + 1 + usize::from(is_end);
    let rest = value.get(name_at..).unwrap_or_default();
    if !rest.first().is_some_and(u8::is_ascii_alphabetic) {
        return (None, start + 1);
    }
    let length = rest
        .iter()
        .position(|byte| is_space(*byte) || matches!(byte, b'/' | b'>' | b'<'))
        .unwrap_or(rest.len());
    // NUL bytes inside names were dropped by older browsers.
    let name: Vec<u8> = rest
        .iter()
        .take(length)
        .copied()
        .filter(|byte| *byte != 0)
        .collect();
    if !is_end && names::is_running_tag(&name) {
        return (Some("running tag"), name_at + length);
    }
    (attributes(value, name_at + length, reach), name_at + length)
}

fn markup_declaration(inside: &[u8]) -> Option<&'static str> {
    let inside = inside.get(..LOOK_BYTES_MAX).unwrap_or(inside);
    let is_entity =
        starts_with(inside, b"!entity") || starts_with(inside, b"!doctype") && contains(inside, b"[");
    if is_entity {
        return Some("entity declaration");
    }
    let is_comment = starts_with(inside, b"!--");
    (is_comment && (starts_with(inside, b"!--[if") || contains(inside, b"`")))
        .then_some("conditional comment")
}

/// Reads attributes from `at` to the end of the tag.
pub(super) fn attributes(value: &[u8], mut at: usize, reach: &mut Reach) -> Option<&'static str> {
    for _ in 0..ATTRIBUTES_MAX {
        let attribute = Attribute::read(value, at, reach)?;
        if let Some(evidence) = attribute.evidence() {
            return Some(evidence);
        }
        at = attribute.end;
    }
    None
}

/// Reads attributes as if the value stood in an unquoted one. A handler must call or assign something, because
/// `onload=true` is a setting elsewhere.
pub(super) fn unquoted_attributes(value: &[u8], reach: &mut Reach) -> Option<&'static str> {
    let runs = |byte: &u8| matches!(byte, b'(' | b'`' | b'.');
    if value.iter().any(runs) {
        attributes(value, 0, reach)
    } else {
        None
    }
}

struct Attribute<'a> {
    name: &'a [u8],
    value: Option<&'a [u8]>,
    end: usize,
}

impl<'a> Attribute<'a> {
    /// Reads one attribute; none at the end of the tag.
    fn read(bytes: &'a [u8], at: usize, reach: &mut Reach) -> Option<Self> {
        let at = at
            + count(bytes.get(at..)?, |byte| {
                is_space(byte) || matches!(byte, b'/' | b'"' | b'\'')
            });
        let rest = bytes.get(at..)?;
        if matches!(rest.first()?, b'>' | b'<') {
            return None;
        }
        // A leading equals sign is part of the name.
        let length = 1 + count(rest.get(1..)?, |byte| {
            !is_space(byte) && !matches!(byte, b'/' | b'>' | b'=')
        });
        let name = rest.get(..length)?;
        let after = at + length;
        let equals = after + count(bytes.get(after..)?, is_space);
        if bytes.get(equals) != Some(&b'=') {
            return Some(Self {
                name,
                value: None,
                end: after,
            });
        }
        let start = equals + 1 + count(bytes.get(equals + 1..)?, is_space);
        let (value, end) = match bytes.get(start) {
            Some(quote @ (b'"' | b'\'' | b'`')) => {
                let inside = bytes.get(start + 1..)?;
                let length = memchr::memchr(*quote, inside).unwrap_or(inside.len());
                (inside.get(..length)?, start + 1 + length)
            }
            _ => {
                let end = reach.end_of_unquoted(bytes, start)?;
                (bytes.get(start..end)?, end)
            }
        };
        Some(Self {
            name,
            value: Some(value),
            end,
        })
    }

    fn evidence(&self) -> Option<&'static str> {
        let value = self.value?;
        let name: Vec<u8> = self.name.iter().copied().filter(|byte| *byte != 0).collect();
        if names::is_event(&name) {
            return Some("event handler");
        }
        if names::is_script_attribute(&name) {
            return Some("script attribute");
        }
        if names::is_link_attribute(&name) && has_script_scheme(value) {
            return Some("script address");
        }
        if name.eq_ignore_ascii_case(b"style") && is_active_style(value) {
            return Some("active style");
        }
        name.get(..5)
            .is_some_and(|start| start.eq_ignore_ascii_case(b"xmlns"))
            .then_some("namespace")
    }
}

fn is_active_style(value: &[u8]) -> bool {
    let value = value.get(..LOOK_BYTES_MAX).unwrap_or(value);
    [
        &b"expression("[..],
        b"javascript:",
        b"-moz-binding",
        b"@import",
        b"behavior:",
        b"behaviour:",
    ]
    .iter()
    .any(|sign| contains(value, sign))
}

/// Tells whether the whole value is a link that runs. `JavaScript: the good parts` is a title.
pub(super) fn is_script_link(value: &[u8]) -> bool {
    if memchr::memchr(b':', value).is_none() || !has_script_scheme(value) {
        return false;
    }
    let colon = memchr::memchr(b':', value).unwrap_or_default();
    let script = value.get(colon + 1..).unwrap_or_default();
    let is_close = |at: usize| {
        at.checked_sub(1)
            .and_then(|before| script.get(before))
            .is_some_and(|byte| !is_space(*byte))
    };
    let calls = memchr::memchr3(b'(', b'`', b'=', script).is_some_and(is_close);
    calls
        || script.starts_with(b"//")
        || value
            .trim_ascii_start()
            .get(..4)
            .is_some_and(|start| start.eq_ignore_ascii_case(b"data"))
}

/// Tells whether an address runs script, past what browsers overlook: entities, white space, control characters.
fn has_script_scheme(value: &[u8]) -> bool {
    let value = value.get(..LOOK_BYTES_MAX).unwrap_or(value);
    let decoded = html_entity_decode::apply(value);
    let letters: Vec<u8> = decoded
        .iter()
        .filter(|byte| !is_space(**byte) && !byte.is_ascii_control() && **byte != b'\\')
        .take(32)
        .map(u8::to_ascii_lowercase)
        .collect();
    let is_html_data = letters.starts_with(b"data:text/html")
        || letters.starts_with(b"data:image/svg")
        || letters.starts_with(b"data:application/x")
        || letters.starts_with(b"data:text/xml")
        || letters.starts_with(b"data:,<")
        || letters.starts_with(b"data:;base64");
    is_html_data
        || [&b"javascript:"[..], b"vbscript:", b"livescript:", b"view-source:"]
            .iter()
            .any(|scheme| letters.starts_with(scheme))
}

fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | 9..=13 | 0)
}

fn count(bytes: &[u8], holds: impl Fn(u8) -> bool) -> usize {
    bytes.iter().take_while(|byte| holds(**byte)).count()
}

fn starts_with(bytes: &[u8], start: &[u8]) -> bool {
    bytes
        .get(..start.len())
        .is_some_and(|bytes| bytes.eq_ignore_ascii_case(start))
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes
        .windows(part.len())
        .any(|window| window.eq_ignore_ascii_case(part))
}
