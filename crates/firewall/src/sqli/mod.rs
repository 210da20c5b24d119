//! Does a value read as SQL that was injected? Our own method, not a list of signatures.
//!
//! Injected text stands where an application expected a value, so it must continue a statement from its first byte
//! (a number was expected) or from its first quote (a string was expected). So a value is read as SQL, once from
//! each of these places, for as long as it stays plausible: prose breaks off at the second word. What stays
//! plausible is an attack when it shows evidence: a condition that is always true, another query, a second
//! statement, a tail turned into a comment, a function that waits or reads files. See `evidence.rs` for the list.

mod words;
mod lexer;
mod evidence;
mod grounds;
mod statement;
mod reading;
#[cfg(test)]
mod tests;

pub use evidence::Evidence;
use lexer::Lexer;
use reading::{Lead, Reading};

use crate::json::{self, JsonEvent};

/// How much evidence is enough. AWS's levels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sensitivity {
    /// Spares what people write.
    Low,
    /// Also takes what merely looks like SQL.
    High,
}

/// What gave a value away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    pub evidence: Evidence,
    /// Where the injected SQL begins.
    pub start: usize,
}

/// Looks at one value.
pub fn detect(value: &[u8], sensitivity: Sensitivity) -> Option<Finding> {
    let quotes = promising(value)?;
    read_from(value, 0, Lead::Undecided, sensitivity)
        .or_else(|| {
            quotes
                .single
                .then(|| behind_quote(value, b'\'', sensitivity))
                .flatten()
        })
        .or_else(|| {
            quotes
                .double
                .then(|| behind_quote(value, b'"', sensitivity))
                .flatten()
        })
}

/// Looks at a query string, or a form: at every value, and at every pair as a whole.
pub fn detect_in_query(query: &[u8], sensitivity: Sensitivity) -> Option<Finding> {
    promising(query)?;
    detect(query, sensitivity).or_else(|| {
        query.split(|byte| *byte == b'&').find_map(|pair| {
            let value = memchr::memchr(b'=', pair).and_then(|at| pair.get(at + 1..));
            value
                .and_then(|value| detect(value, sensitivity))
                .or_else(|| detect(pair, sensitivity))
        })
    })
}

/// Looks at a body: JSON by its keys and values, parts by their lines, anything else as a form.
pub fn detect_in_body(body: &[u8], sensitivity: Sensitivity) -> Option<Finding> {
    promising(body)?;
    let start = body.trim_ascii_start();
    if matches!(start.first(), Some(b'{' | b'[')) {
        let mut found = None;
        let outcome = json::read(start, false, &mut |event| {
            let (JsonEvent::Key { name: bytes, .. } | JsonEvent::Value { bytes, .. }) = event;
            if found.is_none() {
                // The place inside a body that was unescaped is not known: the whole body is shown.
                found = detect(&bytes, sensitivity).map(|finding| Finding { start: 0, ..finding });
            }
        });
        if outcome.is_ok() || found.is_some() {
            return found;
        }
        // A body that a lenient reader may still take: whatever stands between quotes is a value.
        let found = start
            .split(|byte| *byte == b'"')
            .find_map(|text| detect(text, sensitivity));
        return found.or_else(|| detect(start, sensitivity));
    }
    if start.starts_with(b"--") && memchr::memmem::find(start, b"\n").is_some() {
        return body.split(|byte| *byte == b'\n').find_map(|line| {
            let line = line.trim_ascii();
            // The boundary is no value.
            (!line.starts_with(b"--"))
                .then(|| detect(line, sensitivity))
                .flatten()
        });
    }
    detect_in_query(body, sensitivity)
}

struct Quotes {
    single: bool,
    double: bool,
}

/// Returns which quotes there are; none: a value that cannot carry SQL at all.
fn promising(value: &[u8]) -> Option<Quotes> {
    let mut quotes = Quotes {
        single: false,
        double: false,
    };
    let (mut separates, mut before) = (false, 0);
    for &byte in value {
        match byte {
            b'\'' => quotes.single = true,
            b'"' => quotes.double = true,
            b'-' => separates |= before == b'-',
            b'('
            | b')'
            | b';'
            | b'='
            | b'<'
            | b'>'
            | b'|'
            | b'&'
            | b'#'
            | b'*'
            | b'!'
            | b'`'
            | 0..=b' '
            | 0xA0 => {
                separates = true;
            }
            b'@' => separates |= before == b'@',
            _ => {}
        }
        before = byte;
    }
    (quotes.single || quotes.double || separates).then_some(quotes)
}

/// Reads on behind the first quote, as if the application had opened a string before the value.
fn behind_quote(value: &[u8], quote: u8, sensitivity: Sensitivity) -> Option<Finding> {
    let end = lexer::end_of_text(value, 0, quote, true);
    let found = end.and_then(|end| read_from(value, end, Lead::Text { is_empty: end == 1 }, sensitivity));
    // To a database without backslash escapes the first quote closes, whatever is before it.
    found.or_else(|| {
        let bare = memchr::memchr(quote, value)? + 1;
        if Some(bare) == end {
            return None;
        }
        read_from(value, bare, Lead::Text { is_empty: bare == 1 }, sensitivity)
    })
}

fn read_from(value: &[u8], start: usize, lead: Lead, sensitivity: Sensitivity) -> Option<Finding> {
    let mut lexer = Lexer::new(value, start);
    let mut reading = Reading::new(value, lead, sensitivity);
    while let Some(token) = lexer.next() {
        match reading.push(token) {
            Ok(()) => {}
            Err(reading::Stop::Broken) => return None,
            Err(reading::Stop::Found(evidence)) => {
                return Some(Finding {
                    evidence,
                    start: start.saturating_sub(1),
                });
            }
        }
    }
    reading.finish().map(|evidence| Finding {
        evidence,
        start: start.saturating_sub(1),
    })
}
