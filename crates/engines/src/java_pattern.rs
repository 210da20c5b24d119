//! Java's regular expressions and replacements, as far as ours can do what they say; look-around and back references cannot be
//! had in linear time, and are refused (`java.util.regex.Pattern`, `Matcher.appendReplacement`).

use regex::{Captures, Regex, RegexBuilder};

/// The most memory of a compiled pattern, in bytes.
const COMPILED_BYTES_MAX: usize = 256 * 1024;

/// Compiles a pattern, which must match the `whole` text or any part; the error says what is wrong.
pub fn compile(pattern: &str, whole: bool) -> Result<Regex, String> {
    let mut translated = String::with_capacity(pattern.len() + 16);
    translate(pattern, &mut translated);
    // It must stand by itself first: `a)|(?:b` would break out of what surrounds it and match a part.
    let part = build(&translated)?;
    if whole {
        return build(&format!(r"\A(?:{translated})\z"));
    }
    Ok(part)
}

fn build(translated: &str) -> Result<Regex, String> {
    RegexBuilder::new(translated)
        .size_limit(COMPILED_BYTES_MAX)
        .dfa_size_limit(COMPILED_BYTES_MAX)
        .build()
        .map_err(|cause| {
            let told = cause.to_string();
            let last = told.lines().last().unwrap_or_default().trim();
            format!("no regex: {}", last.strip_prefix("error: ").unwrap_or(last))
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
pub(crate) enum Piece {
    Text(String),
    Group(usize),
    Named(String),
}

/// Takes a replacement apart: `$1`, `${name}`, and backslashes before what is meant literally.
pub(crate) fn replacement(text: &str, pattern: &Regex) -> Result<Vec<Piece>, String> {
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
pub(crate) fn expand<'t>(piece: &'t Piece, captures: &'t Captures<'_>) -> &'t str {
    match piece {
        Piece::Text(text) => text,
        Piece::Group(number) => captures.get(*number).map_or("", |group| group.as_str()),
        Piece::Named(name) => captures.name(name).map_or("", |group| group.as_str()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_the_whole_text_matches_where_it_must() {
        let pattern = compile("a|bb", true).unwrap();
        for (text, matches) in [
            ("a", true),
            ("bb", true),
            ("ab", false),
            ("abb", false),
            ("xa", false),
            ("a\n", false),
        ] {
            assert_eq!(pattern.is_match(text), matches, "{text}");
        }
        assert!(compile("a)|(?:b", true).is_err());
        assert!(compile("a)|(?:b", false).is_err());
    }

    #[test]
    fn patterns_mean_what_they_mean_to_java() {
        for (pattern, text, matches) in [
            (r"\d+", "17", true),
            (r"\d+", "\u{0661}", false),
            (r"[\w.-]+", "a.b-c", true),
            (r"\Qa.b\E.", "a.bc", true),
            (r"\Qa.b\E.", "axbc", false),
            (r"\<a\>", "<a>", true),
            (r"(?i)ABC", "abc", true),
        ] {
            assert_eq!(
                compile(pattern, true).unwrap().is_match(text),
                matches,
                "{pattern}"
            );
        }
        for refused in ["(?=a)", r"(a)\1", "(", "a{1000000}"] {
            assert!(compile(refused, false).is_err(), "{refused}");
        }
    }

    #[test]
    fn replacements_name_groups() {
        let pattern = compile("(?<first>a)(b)", false).unwrap();
        let pieces = |text| replacement(text, &pattern);
        assert_eq!(
            pieces(r"$2\$${first}$11").unwrap(),
            [
                Piece::Group(2),
                Piece::Text("$".into()),
                Piece::Named("first".into()),
                Piece::Group(1),
                Piece::Text("1".into()),
            ]
        );
        for broken in ["$", "$x", "$9", "${none}", "\\"] {
            assert!(pieces(broken).is_err(), "{broken}");
        }
    }
}
