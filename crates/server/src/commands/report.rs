//! What commands print: progress for people, or one JSON object a line for programs. Never colour codes.

use std::io::Write as _;

use serde_json::{Value, json};

/// In which form progress is printed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Report {
    pub(crate) json: bool,
}

impl Report {
    /// Prints a line for people; as JSON it is an event of `kind`.
    pub(crate) fn line(self, kind: &str, text: &str) {
        self.either(&json!({ "event": kind, "text": text }), text);
    }

    /// Prints an event for programs, or `text` for people.
    pub(crate) fn either(self, event: &Value, text: &str) {
        if self.json {
            print(&event.to_string());
        } else {
            print(text);
        }
    }
}

/// Prints a line. A closed pipe is the reader's choice, not an error.
pub(crate) fn print(text: &str) {
    drop(writeln!(std::io::stdout().lock(), "{text}"));
}
