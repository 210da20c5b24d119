//! Text with `*`, `?` and policy variables, compiled. Matching takes time in proportion to pattern times text at most:
//! only the last `*` is ever tried again.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>

use std::borrow::Cow;

use super::Context;

/// Which marks mean something in a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Syntax {
    pub(super) wildcards: bool,
    /// Version 2012-10-17 only: in older documents `${aws:username}` is plain text.
    pub(super) variables: bool,
    pub(super) ignore_case: bool,
}

/// A compiled pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Pattern {
    pieces: Vec<Piece>,
    ignore_case: bool,
    /// The characters of ASCII that it begins with, each a piece: compared at once. Most patterns are little else.
    start: Box<str>,
    has_variables: bool,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Character(char),
    AnyOne,
    AnyRun,
    Variable { key: String, default: Option<String> },
}

impl Pattern {
    /// Compiles `text`; the error says what is wrong with it.
    pub(super) fn compile(text: &str, syntax: Syntax) -> Result<Self, String> {
        let mut pieces = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some(next) = rest.chars().next() {
            if syntax.variables
                && let Some(inner) = rest.strip_prefix("${")
            {
                let (name, after) = inner
                    .split_once('}')
                    .ok_or_else(|| format!("the policy variable in `{text}` has no closing brace"))?;
                pieces.push(variable(name)?);
                rest = after;
                continue;
            }
            pieces.push(match next {
                '*' if syntax.wildcards => Piece::AnyRun,
                '?' if syntax.wildcards => Piece::AnyOne,
                character => Piece::Character(fold(character, syntax.ignore_case)),
            });
            rest = rest.get(next.len_utf8()..).unwrap_or_default();
        }
        let plain = |piece: &Piece| match piece {
            Piece::Character(character) if character.is_ascii() => Some(*character),
            _ => None,
        };
        let start: String = pieces.iter().map_while(plain).collect();
        Ok(Self {
            start: start.into(),
            has_variables: pieces.iter().any(|piece| matches!(piece, Piece::Variable { .. })),
            pieces,
            ignore_case: syntax.ignore_case,
        })
    }

    /// Tells whether `text` matches. A variable without value or default matches nothing.
    pub(super) fn matches(&self, text: &str, context: &Context<'_>) -> bool {
        // Elsewhere a character may be one of ASCII in small letters: those are compared one by one.
        let (pieces, rest) = if text.is_ascii() {
            let Some((start, rest)) = text.split_at_checked(self.start.len()) else {
                return false;
            };
            let begins = if self.ignore_case {
                start.eq_ignore_ascii_case(&self.start)
            } else {
                *start == *self.start
            };
            if !begins {
                return false;
            }
            (self.pieces.get(self.start.len()..).unwrap_or_default(), rest)
        } else {
            (self.pieces.as_slice(), text)
        };
        if !self.has_variables {
            return matches_pieces(pieces, rest, self.ignore_case);
        }
        self.resolved(context)
            .is_some_and(|pieces| matches_pieces(&pieces, text, self.ignore_case))
    }

    /// Tells whether every variable has a value.
    pub(super) fn is_resolvable(&self, context: &Context<'_>) -> bool {
        self.pieces.iter().all(|piece| match piece {
            Piece::Variable { key, default } => default.is_some() || context.single(key).is_some(),
            _ => true,
        })
    }

    /// Puts values in the place of variables. A `*` in a value is a plain character.
    fn resolved(&self, context: &Context<'_>) -> Option<Vec<Piece>> {
        let mut pieces = Vec::with_capacity(self.pieces.len() + 32);
        for piece in &self.pieces {
            match piece {
                Piece::Variable { key, default } => {
                    let value = context.single(key).or(default.as_deref().map(Cow::Borrowed))?;
                    let characters = value.chars().map(|character| fold(character, self.ignore_case));
                    pieces.extend(characters.map(Piece::Character));
                }
                other => pieces.push(other.clone()),
            }
        }
        Some(pieces)
    }
}

/// Reads the inside of `${…}`: a key with an optional default, or one of the escapes `${*}`, `${?}`, `${$}`.
fn variable(inside: &str) -> Result<Piece, String> {
    if let "*" | "?" | "$" = inside {
        return Ok(Piece::Character(inside.chars().next().unwrap_or('$')));
    }
    let (key, default) = match inside.split_once(',') {
        None => (inside.trim(), None),
        Some((key, default)) => {
            let quoted = default
                .trim()
                .strip_prefix('\'')
                .and_then(|text| text.strip_suffix('\''));
            let default =
                quoted.ok_or_else(|| format!("write the default of `${{{inside}}}` in single quotes"))?;
            (key.trim(), Some(default.to_owned()))
        }
    };
    let is_key = key.contains(':') && !key.contains(['$', '{', '*', '?', ' ']);
    if !is_key {
        return Err(format!(
            "`${{{inside}}}` is no policy variable: expected a condition key"
        ));
    }
    Ok(Piece::Variable {
        key: key.to_ascii_lowercase(),
        default,
    })
}

fn fold(character: char, ignore_case: bool) -> char {
    if !ignore_case {
        return character;
    }
    if character.is_ascii() {
        return character.to_ascii_lowercase();
    }
    let mut lower = character.to_lowercase();
    match (lower.next(), lower.next()) {
        (Some(single), None) => single,
        _ => character,
    }
}

fn matches_pieces(pieces: &[Piece], text: &str, ignore_case: bool) -> bool {
    let mut at = 0;
    let mut rest = text.chars();
    // Where to go on after a mismatch: the piece after the last `*`, and the text one character further.
    let mut again: Option<(usize, std::str::Chars<'_>)> = None;
    loop {
        if let Some(Piece::AnyRun) = pieces.get(at) {
            at += 1;
            again = Some((at, rest.clone()));
            continue;
        }
        let mut ahead = rest.clone();
        let character = ahead.next();
        let is_match = match (pieces.get(at), character) {
            (None, None) => return true,
            (Some(Piece::AnyOne), Some(_)) => true,
            (Some(Piece::Character(expected)), Some(found)) => *expected == fold(found, ignore_case),
            _ => false,
        };
        if is_match {
            at += 1;
            rest = ahead;
            continue;
        }
        let Some((piece, mut from)) = again else {
            return false;
        };
        if from.next().is_none() {
            return false;
        }
        at = piece;
        rest = from.clone();
        again = Some((piece, from));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is compared at once is what is compared one by one: with and without case, ASCII or not.
    #[test]
    fn start_of_a_pattern_is_no_other_pattern() {
        let texts = [
            "", "a", "A", "ab", "aB*", "abc", "k", "\u{212a}", "a\u{e9}", "a\u{c9}b", "*", "b",
        ];
        let patterns = [
            "", "a", "ab", "Ab*", "a?c", "K", "k*", "*b", "a\u{e9}*", "a\u{e9}b", "${a:b}", "a${a:b}",
        ];
        let context = Context::new();
        let mut matched = 0;
        for ignore_case in [false, true] {
            for pattern in patterns {
                let syntax = Syntax {
                    wildcards: true,
                    variables: true,
                    ignore_case,
                };
                let compiled = Pattern::compile(pattern, syntax).unwrap();
                for text in texts {
                    let expected = compiled
                        .resolved(&context)
                        .is_some_and(|pieces| matches_pieces(&pieces, text, ignore_case));
                    assert_eq!(
                        compiled.matches(text, &context),
                        expected,
                        "{pattern} {text} {ignore_case}"
                    );
                    matched += usize::from(expected);
                }
            }
        }
        assert!(matched > 20, "{matched}");
    }
}
