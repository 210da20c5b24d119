//! `{"equals-ignore-case": "a"}`: a text, whatever its case.

use serde_json::Value;

use super::Misfit;

#[derive(Clone, Debug)]
pub(in crate::event_pattern) struct EqualsIgnoreCase(String);

impl EqualsIgnoreCase {
    pub(super) fn compile(operand: &Value) -> Result<Self, Misfit> {
        operand.as_str().map(Self::of).ok_or("expected text")
    }

    pub(super) fn of(text: &str) -> Self {
        Self(folded(text))
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        folded(text) == self.0
    }
}

/// Returns `text` in lower case.
pub(super) fn folded(text: &str) -> String {
    text.to_lowercase()
}
