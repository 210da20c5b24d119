//! `{"suffix": "a"}`, `{"suffix": {"equals-ignore-case": "a"}}`: how a text ends.

use serde_json::Value;

use super::{Misfit, equals_ignore_case::folded, prefix::insensitive};

#[derive(Clone, Debug)]
pub(in crate::event_pattern) enum Suffix {
    Exact(String),
    Folded(String),
}

impl Suffix {
    pub(super) fn compile(operand: &Value) -> Result<Self, Misfit> {
        match insensitive(operand)? {
            (text, false) => Ok(Self::Exact(text.to_owned())),
            (text, true) => Ok(Self::Folded(folded(text))),
        }
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exact(suffix) => text.ends_with(suffix.as_str()),
            Self::Folded(suffix) => folded(text).ends_with(suffix.as_str()),
        }
    }
}
