//! `{"wildcard": "dir/*.png"}`: `*` stands for any text, `\*` and `\\` for themselves. Linear in text and pattern.

use serde_json::Value;

use super::Misfit;

/// The literal pieces between the stars: at least one.
#[derive(Clone, Debug)]
pub(in crate::event_pattern) struct Wildcard {
    first: String,
    /// Behind each star one.
    rest: Vec<String>,
}

impl Wildcard {
    pub(super) fn compile(operand: &Value) -> Result<Self, Misfit> {
        Self::of(operand.as_str().ok_or("expected text")?)
    }

    pub(super) fn of(text: &str) -> Result<Self, Misfit> {
        let mut pieces = vec![String::new()];
        let mut characters = text.chars();
        let mut after_star = false;
        while let Some(character) = characters.next() {
            let literal = match character {
                '*' if after_star => return Err("two `*` in a row are not allowed"),
                '*' => {
                    pieces.push(String::new());
                    after_star = true;
                    continue;
                }
                '\\' => match characters.next() {
                    Some(escaped @ ('*' | '\\')) => escaped,
                    _ => return Err("a `\\` escapes only `*` and `\\`"),
                },
                plain => plain,
            };
            after_star = false;
            if let Some(piece) = pieces.last_mut() {
                piece.push(literal);
            }
        }
        let mut pieces = pieces.into_iter();
        Ok(Self {
            first: pieces.next().unwrap_or_default(),
            rest: pieces.collect(),
        })
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        let Some(mut text) = text.strip_prefix(self.first.as_str()) else {
            return false;
        };
        let Some((last, between)) = self.rest.split_last() else {
            return text.is_empty();
        };
        // The earliest place for each piece leaves the most for what follows.
        for piece in between {
            match text.split_once(piece.as_str()) {
                Some((_, behind)) => text = behind,
                None => return false,
            }
        }
        text.ends_with(last.as_str())
    }
}
