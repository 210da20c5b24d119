//! Reads a template character by character and knows its line and column.

use portcullis_model::Place;

use super::TemplateProblem;

pub(super) struct Cursor {
    characters: Vec<char>,
    position: usize,
    place: Place,
}

impl Cursor {
    pub(super) fn new(text: &str, place: Place) -> Self {
        Self {
            characters: text.chars().collect(),
            position: 0,
            place,
        }
    }

    pub(super) const fn place(&self) -> Place {
        self.place
    }

    pub(super) const fn position(&self) -> usize {
        self.position
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
        if character == '\n' {
            self.place.line = self.place.line.saturating_add(1);
            self.place.column = 1;
        } else {
            self.place.column = self.place.column.saturating_add(1);
        }
        Some(character)
    }

    pub(super) fn skip(&mut self, characters: usize) {
        for _ in 0..characters {
            self.next();
        }
    }

    /// Takes `expected` if it is next.
    pub(super) fn take(&mut self, expected: &str) -> bool {
        let matches = expected
            .chars()
            .enumerate()
            .all(|(ahead, character)| self.peek_at(ahead) == Some(character));
        if matches {
            self.skip(expected.chars().count());
        }
        matches
    }

    pub(super) fn take_while(&mut self, accept: impl Fn(char) -> bool) -> String {
        let mut taken = String::new();
        while let Some(character) = self.peek().filter(|character| accept(*character)) {
            taken.push(character);
            self.next();
        }
        taken
    }

    pub(super) fn skip_blanks(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.next();
        }
    }

    /// Returns the characters from `start` up to `end`.
    pub(super) fn between(&self, start: usize, end: usize) -> String {
        self.characters.get(start..end).unwrap_or(&[]).iter().collect()
    }

    /// Remembers where we are, for `reset`.
    pub(super) const fn mark(&self) -> (usize, Place) {
        (self.position, self.place)
    }

    pub(super) const fn reset(&mut self, (position, place): (usize, Place)) {
        self.position = position;
        self.place = place;
    }

    pub(super) fn problem(&self, message: impl Into<String>) -> TemplateProblem {
        TemplateProblem {
            place: self.place,
            message: message.into(),
        }
    }
}
