//! What is wrong with an input, and where. Inputs are checked whole: every problem at once.

use std::fmt;

/// A line and a column of a text, both counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    pub line: u32,
    pub column: u32,
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The input is refused.
    Error,
    /// The input is accepted; the user should know.
    Warning,
    /// Accepted, kept, and without effect here; said so that nobody relies on it.
    Inert,
}

/// One thing wrong with an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    pub severity: Severity,
    /// Where in the text, when the input is a text.
    pub place: Option<Place>,
    /// The field, as the user wrote its way from the root: `Resources/Api/Properties/Name`.
    pub path: String,
    /// What is wrong, lower case, no full stop, the user's values in backticks.
    pub message: String,
}

impl Problem {
    /// Returns an error at `path`.
    pub fn error(place: Option<Place>, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            place,
            path: path.into(),
            message: message.into(),
        }
    }

    /// Returns a warning at `path`.
    pub fn warning(place: Option<Place>, path: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            place,
            path: path.into(),
            message: message.into(),
        }
    }

    /// Tells whether the input is refused for this.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(Place { line, column }) = self.place {
            write!(formatter, "{line}:{column}: ")?;
        }
        formatter.write_str(match self.severity {
            Severity::Error => "error: ",
            Severity::Warning => "warning: ",
            Severity::Inert => "inert: ",
        })?;
        if !self.path.is_empty() {
            write!(formatter, "{}: ", self.path)?;
        }
        formatter.write_str(&self.message)
    }
}
