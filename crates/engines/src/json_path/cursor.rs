//! Reads a path character by character and knows where it is.

use super::JsonPathProblem;

pub(super) struct Cursor {
    characters: Vec<char>,
    position: usize,
}

impl Cursor {
    pub(super) fn new(text: &str) -> Self {
        Self {
            characters: text.chars().collect(),
            position: 0,
        }
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.peek_at(0)
    }

    pub(super) fn peek_at(&self, ahead: usize) -> Option<char> {
        self.characters.get(self.position.saturating_add(ahead)).copied()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let character = self.peek()?;
        self.position += 1;
        Some(character)
    }

    /// Takes `expected` if it is next.
    pub(super) fn take(&mut self, expected: &str) -> bool {
        let matches = expected
            .chars()
            .enumerate()
            .all(|(ahead, character)| self.peek_at(ahead) == Some(character));
        if matches {
            self.position += expected.chars().count();
        }
        matches
    }

    pub(super) fn take_while(&mut self, accept: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        while let Some(character) = self.peek().filter(|character| accept(*character)) {
            taken.push(character);
            self.position += 1;
        }
        taken
    }

    pub(super) fn skip_blanks(&mut self) {
        self.take_while(char::is_whitespace);
    }

    pub(super) fn expect(&mut self, expected: &str) -> Result<(), JsonPathProblem> {
        if self.take(expected) {
            return Ok(());
        }
        Err(self.problem(format!("expected `{expected}`")))
    }

    pub(super) fn problem(&self, message: impl Into<String>) -> JsonPathProblem {
        JsonPathProblem {
            offset: self.position,
            message: message.into(),
        }
    }
}
