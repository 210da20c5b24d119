//! `{"prefix": "a"}`, `{"prefix": {"equals-ignore-case": "a"}}`: how a text begins.

use serde_json::Value;

use super::{Misfit, equals_ignore_case::folded};

#[derive(Clone, Debug)]
pub(in crate::event_pattern) enum Prefix {
    Exact(String),
    Folded(String),
}

impl Prefix {
    pub(super) fn compile(operand: &Value) -> Result<Self, Misfit> {
        match insensitive(operand)? {
            (text, false) => Ok(Self::Exact(text.to_owned())),
            (text, true) => Ok(Self::Folded(folded(text))),
        }
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(prefix) => text.starts_with(prefix.as_str()),
            Self::Folded(prefix) => folded(text).starts_with(prefix.as_str()),
        }
    }
}

/// Reads a text, or one inside `equals-ignore-case`, and which of the two it was.
pub(super) fn insensitive(operand: &Value) -> Result<(&str, bool), Misfit> {
    const EXPECTED: Misfit = "expected text or `equals-ignore-case`";
    match operand {
        Value::String(text) => Ok((text, false)),
        Value::Object(members) if members.len() == 1 => members
            .get("equals-ignore-case")
            .and_then(Value::as_str)
            .map(|text| (text, true))
            .ok_or(EXPECTED),
        _ => Err(EXPECTED),
    }
}
