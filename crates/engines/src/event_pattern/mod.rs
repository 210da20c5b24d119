//! Does an event match a rule's pattern? Compiled once, evaluated without allocation where it can be.
//!
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html>. Each comparison is a file
//! in `matchers/`. A list in an event matches when one of its elements does; a nested pattern wants all its fields in
//! the same element. Numbers compare as they are written: `300` and `300.0` differ, as AWS's guide says.

mod error;
mod matchers;
mod parse;
#[cfg(test)]
mod tests;

use serde_json::Value;

pub use error::PatternError;
use matchers::Matcher;

/// Bytes of a pattern.
pub const PATTERN_BYTES_MAX: usize = 4096;
/// Levels of objects in a pattern.
pub const DEPTH_MAX: usize = 32;
/// Ways to combine the alternatives of every `$or` of a pattern.
pub const COMBINATIONS_MAX: usize = 1_000;

/// A pattern, ready.
#[derive(Clone, Debug)]
pub struct Pattern {
    root: Fields,
}

/// What all must hold of one object.
#[derive(Clone, Debug)]
struct Fields {
    fields: Vec<(String, Wanted)>,
    /// Of each list one must hold.
    alternatives: Vec<Vec<Fields>>,
}

/// What is wanted of one field.
#[derive(Clone, Debug)]
enum Wanted {
    /// One of these.
    AnyOf(Vec<Matcher>),
    Nested(Fields),
}

impl Pattern {
    /// Compiles a pattern; refuses what AWS would, by name.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        parse::parse(text)
    }

    /// Tells whether `event` matches.
    pub fn matches(&self, event: &Value) -> bool {
        self.root.matches(Some(event))
    }
}

impl Fields {
    fn matches(&self, value: Option<&Value>) -> bool {
        match value {
            // One element must have all of it; a list in a list counts as its elements.
            Some(Value::Array(items)) if !items.is_empty() => {
                items.iter().any(|item| self.matches(Some(item)))
            }
            other => {
                let object = other.and_then(Value::as_object);
                let field = |name: &str| object.and_then(|object| object.get(name));
                self.fields
                    .iter()
                    .all(|(name, wanted)| wanted.matches(field(name)))
                    && self
                        .alternatives
                        .iter()
                        .all(|alternatives| alternatives.iter().any(|fields| fields.matches(other)))
            }
        }
    }
}

impl Wanted {
    fn matches(&self, value: Option<&Value>) -> bool {
        match self {
            Self::Nested(fields) => fields.matches(value),
            Self::AnyOf(matchers) => matchers.iter().any(|matcher| match matcher {
                Matcher::Exists(exists) => exists.matches(value),
                other => value.is_some_and(|value| matches_leaf(other, value)),
            }),
        }
    }
}

/// A list matches when one of its elements does; an object is no leaf.
fn matches_leaf(matcher: &Matcher, value: &Value) -> bool {
    match value {
        Value::Array(items) => items.iter().any(|item| matches_leaf(matcher, item)),
        Value::Object(_) => false,
        leaf => matcher.matches(leaf),
    }
}
