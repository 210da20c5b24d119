//! Java's regular expressions and replacements, as far as ours can do what they say; look-around and back references cannot be
//! had in linear time, and are refused (`java.util.regex.Pattern`, `Matcher.appendReplacement`).

use regex::{Captures, Regex, RegexBuilder};

/// The most memory of a compiled pattern, in bytes.
const COMPILED_BYTES_MAX: usize = 256 * 1024;

/// Compiles a pattern, which must match the `whole` text or any part; the error says what is wrong.
pub(super) fn compile(pattern: &str, whole: bool) -> Result<Regex, String> {
    let mut translated = String::with_capacity(pattern.len() + 16);
    if whole {
        translated.push_str(r"\A(?:");
    }
    translate(pattern, &mut translated);
    if whole {
        translated.push_str(r")\z");
    }
    RegexBuilder::new(&translated)
        .size_limit(COMPILED_BYTES_MAX)
        .dfa_size_limit(COMPILED_BYTES_MAX)
        .build()
        .map_err(|cause| match cause {
            regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
            other => other
                .to_string()
                .lines()
                .last()
                .unwrap_or_default()
                .trim()
                .to_owned(),
        })
}

/// Java's classes are those of ASCII, and it knows quoted runs.
fn translate(pattern: &str, translated: &mut String) {
    let mut rest = pattern.chars();
    while let Some(character) = rest.next() {
        if character != '\\' {
            translated.push(character);
            continue;
        }
        match rest.next() {
            Some('d') => translated.push_str("[0-9]"),
            Some('D') => translated.push_str("[^0-9]"),
            Some('w') => translated.push_str("[A-Za-z0-9_]"),
            Some('W') => translated.push_str("[^A-Za-z0-9_]"),
            Some('s') => translated.push_str(r"[ \t\n\x0B\f\r]"),
            Some('S') => translated.push_str(r"[^ \t\n\x0B\f\r]"),
            Some('h') => translated.push_str(r"[ \t\x{A0}]"),
            Some('Z') => translated.push_str(r"\n?\z"),
            Some('Q') => {
                let quoted = rest.as_str();
                let (run, after) = quoted.split_once(r"\E").unwrap_or((quoted, ""));
                translated.push_str(&regex::escape(run));
                rest = after.chars();
            }
            // These are boundaries of words to ours, and themselves to Java.
            Some(plain @ ('<' | '>')) => translated.push(plain),
            Some(other) => translated.extend(['\\', other]),
            None => translated.push('\\'),
        }
    }
}

/// A part of a replacement.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Piece {
    Text(String),
    Group(usize),
    Named(String),
}

/// Takes a replacement apart: `$1`, `${name}`, and backslashes before what is meant literally.
pub(super) fn replacement(text: &str, pattern: &Regex) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut rest = text.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\\' => plain.push(rest.next().ok_or("the replacement ends with a `\\`")?),
            '$' => {
                if !plain.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                }
                pieces.push(group(&mut rest, pattern)?);
            }
            other => plain.push(other),
        }
    }
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    Ok(pieces)
}

fn group(rest: &mut std::iter::Peekable<std::str::Chars<'_>>, pattern: &Regex) -> Result<Piece, String> {
    if rest.next_if_eq(&'{').is_some() {
        let name: String = rest.by_ref().take_while(|character| *character != '}').collect();
        if pattern.capture_names().flatten().any(|known| known == name) {
            return Ok(Piece::Named(name));
        }
        return Err(format!("the pattern has no group `{name}`"));
    }
    let mut digit = |limit: usize, so_far: usize| -> Option<usize> {
        let digit = rest.peek()?.to_digit(10)?;
        let group = so_far * 10 + usize::try_from(digit).ok()?;
        (group < limit).then(|| {
            rest.next();
            group
        })
    };
    let mut number = digit(pattern.captures_len(), 0).ok_or("`$` in the replacement names no group")?;
    // As many digits as still name a group.
    while let Some(longer) = digit(pattern.captures_len(), number) {
        number = longer;
    }
    Ok(Piece::Group(number))
}

/// Returns what a piece stands for in one match.
pub(super) fn expand<'t>(piece: &'t Piece, captures: &'t Captures<'_>) -> &'t str {
    match piece {
        Piece::Text(text) => text,
        Piece::Group(number) => captures.get(*number).map_or("", |group| group.as_str()),
        Piece::Named(name) => captures.name(name).map_or("", |group| group.as_str()),
    }
}
