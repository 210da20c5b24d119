//! A value as it stands: text, number, `true`, `false`, `null`.

use serde_json::Value;

#[derive(Clone, Debug)]
pub(in crate::event_pattern) struct Exact(pub(super) Value);

impl Exact {
    pub(super) fn matches(&self, leaf: &Value) -> bool {
        self.0 == *leaf
    }
}
