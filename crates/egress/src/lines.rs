//! The lines of a head (RFC 9112 sections 2.2 and 5): one reader for requests and answers. Strict where two readers could
//! differ, and blind to what is merely odd.

use std::{ops::Range, sync::LazyLock};

use memchr::{memchr, memchr_iter, memmem::Finder};
use portcullis_model::{is_field_value, token_length, value_length};

/// What two readers could understand differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BadLine {
    BareLineFeed,
    BareCarriageReturn,
    /// It goes on with a space where a field begins.
    Folded,
    NoColon,
    Name,
    Value,
}

/// What ends a head whose lines end as they must.
static HEAD_END: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\r\n\r\n"));

/// How far the end of a head has been looked for, so that one that comes byte by byte is not scanned again and again.
#[derive(Clone, Copy, Debug, Default)]
pub struct HeadScan {
    line_start: usize,
    seen: usize,
}

impl HeadScan {
    /// Returns where the head ends, behind its empty line; none when more must come.
    ///
    /// Most heads come whole and are found in one search. A line feed of theirs that stands alone is found by who reads their
    /// lines: [`has_bare_line_feed`] then tells that it was this.
    pub fn end(&mut self, input: &[u8]) -> Result<Option<usize>, BadLine> {
        if self.seen == 0
            && let Some(found) = HEAD_END.find(input)
        {
            return Ok(Some(found + 4));
        }
        while let Some(found) = input.get(self.seen..).and_then(|rest| memchr(b'\n', rest)) {
            let at = self.seen + found;
            match input.get(self.line_start..at).unwrap_or_default() {
                [b'\r'] => return Ok(Some(at + 1)),
                [.., b'\r'] => {}
                _ => return Err(BadLine::BareLineFeed),
            }
            self.line_start = at + 1;
            self.seen = at + 1;
        }
        self.seen = input.len();
        Ok(None)
    }

    /// Tells whether nothing was looked at yet.
    pub const fn is_fresh(&self) -> bool {
        self.seen == 0
    }

    /// Tells whether not even the first line has come.
    pub const fn is_in_first_line(&self) -> bool {
        self.line_start == 0
    }
}

/// Tells whether a line of a head ends without a carriage return.
pub fn has_bare_line_feed(head: &[u8]) -> bool {
    memchr_iter(b'\n', head).any(|at| at.checked_sub(1).and_then(|before| head.get(before)) != Some(&b'\r'))
}

/// Returns where the line that begins at `start` ends, before its CRLF.
#[inline]
pub fn line_end(head: &[u8], start: usize) -> Result<usize, BadLine> {
    let rest = head.get(start..).unwrap_or_default();
    // Most lines hold no control character but those that end them.
    let end = value_length(rest);
    if rest.get(end..).unwrap_or_default().starts_with(b"\r\n") {
        return Ok(start + end);
    }
    let end = memchr(b'\r', rest).ok_or(BadLine::BareLineFeed)?;
    match rest.get(end + 1) {
        Some(b'\n') => Ok(start + end),
        _ => Err(BadLine::BareCarriageReturn),
    }
}

/// Where a field stands in its head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldLine {
    pub name: Range<usize>,
    /// Without the spaces and tabs around it (RFC 9110 section 5.5).
    pub value: Range<usize>,
    /// Where the next line begins.
    pub next: usize,
}

/// Reads the field that begins at `start`; none at the empty line.
#[inline]
pub fn field_line(head: &[u8], start: usize) -> Result<Option<FieldLine>, BadLine> {
    if head.get(start..).unwrap_or_default().starts_with(b"\r\n") {
        return Ok(None);
    }
    match good_line(head, start) {
        Some(field) => Ok(Some(field)),
        None => any_line(head, start),
    }
}

/// Reads a field of which nothing is wrong.
#[inline]
fn good_line(head: &[u8], start: usize) -> Option<FieldLine> {
    let line = head.get(start..)?;
    let name_bytes = token_length(line);
    let (b':', mut value) = line.get(name_bytes..)?.split_first()? else {
        return None;
    };
    while let [b' ' | b'\t', rest @ ..] = value {
        value = rest;
    }
    let value_start = head.len() - value.len();
    let (mut value, rest) = value.split_at_checked(value_length(value))?;
    let next = value_start + value.len() + 2;
    while let [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    (name_bytes > 0 && rest.starts_with(b"\r\n")).then(|| FieldLine {
        name: start..start + name_bytes,
        value: value_start..value_start + value.len(),
        next,
    })
}

/// Reads any line, and says what is wrong with it.
#[inline(never)]
fn any_line(head: &[u8], start: usize) -> Result<Option<FieldLine>, BadLine> {
    let end = line_end(head, start)?;
    let line = head.get(start..end).unwrap_or_default();
    match line.first() {
        None => return Ok(None),
        Some(b' ' | b'\t') => return Err(BadLine::Folded),
        Some(_) => {}
    }
    let name_bytes = token_length(line);
    if name_bytes == 0 || line.get(name_bytes) != Some(&b':') {
        let has_colon = memchr(b':', line).is_some();
        return Err(if has_colon {
            BadLine::Name
        } else {
            BadLine::NoColon
        });
    }
    let mut value = line.get(name_bytes + 1..).unwrap_or_default();
    while let [b' ' | b'\t', rest @ ..] = value {
        value = rest;
    }
    let value_start = end - value.len();
    while let [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    if !is_field_value(value) {
        return Err(BadLine::Value);
    }
    Ok(Some(FieldLine {
        name: start..start + name_bytes,
        value: value_start..value_start + value.len(),
        next: end + 2,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    type Fields<'h> = Vec<(&'h [u8], &'h [u8])>;

    fn fields(head: &[u8]) -> Result<Fields<'_>, BadLine> {
        let mut at = 0;
        let mut found = Vec::new();
        while let Some(line) = field_line(head, at)? {
            found.push((&head[line.name], &head[line.value]));
            at = line.next;
        }
        Ok(found)
    }

    #[test]
    fn fields_are_read_as_they_stand() {
        let head = b"A: 1\r\nb:\r\nC:  \r\nd: \t x\ty \t\r\nE::\r\n\r\n";
        let expected: Vec<(&[u8], &[u8])> = vec![
            (b"A", b"1"),
            (b"b", b""),
            (b"C", b""),
            (b"d", b"x\ty"),
            (b"E", b":"),
        ];
        assert_eq!(fields(head).unwrap(), expected);
    }

    #[test]
    fn what_two_readers_could_read_differently_is_refused() {
        for (head, bad) in [
            (b"a: 1\n\r\n".as_slice(), BadLine::Value),
            (b"a: 1", BadLine::BareLineFeed),
            (b"a: 1\rb: 2\r\n\r\n", BadLine::BareCarriageReturn),
            (b" a: 1\r\n\r\n", BadLine::Folded),
            (b"a: 1\r\n\tb\r\n\r\n", BadLine::Folded),
            (b"a\r\n\r\n", BadLine::NoColon),
            (b"a : 1\r\n\r\n", BadLine::Name),
            (b": 1\r\n\r\n", BadLine::Name),
            (b"a b: 1\r\n\r\n", BadLine::Name),
            (b"a: \0\r\n\r\n", BadLine::Value),
            (b"a: 1\x7f\r\n\r\n", BadLine::Value),
        ] {
            assert_eq!(fields(head), Err(bad), "{}", head.escape_ascii());
        }
    }

    #[test]
    fn end_is_found_however_a_head_comes() {
        let head = b"GET / HTTP/1.1\r\na: 1\r\n\r\nmore";
        assert_eq!(HeadScan::default().end(head), Ok(Some(24)));
        let mut scan = HeadScan::default();
        for length in 0..24 {
            assert_eq!(scan.end(&head[..length]), Ok(None), "{length}");
            assert_eq!(scan.is_in_first_line(), length < 16, "{length}");
        }
        assert_eq!(scan.end(head), Ok(Some(24)));
        assert_eq!(HeadScan::default().end(b"a\nb"), Err(BadLine::BareLineFeed));
        assert_eq!(HeadScan::default().end(b"\r\nb"), Ok(Some(2)));
        assert_eq!(HeadScan::default().end(b"a: 1\r\n\r\nb\r\n\r\n"), Ok(Some(8)));
    }

    #[test]
    fn line_feeds_that_stand_alone_are_found() {
        for head in [b"\na".as_slice(), b"a\nb\r\n\r\n", b"a\r\n\n", b"a\r\n\r\r\n\n"] {
            assert!(has_bare_line_feed(head), "{}", head.escape_ascii());
        }
        assert!(!has_bare_line_feed(b"a\r\n\rb\r\n\r\n"));
    }
}
