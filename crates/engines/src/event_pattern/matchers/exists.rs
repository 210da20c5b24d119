//! `{"exists": true}`: whether there is a leaf. An object is none, and an empty list has none.

use serde_json::Value;

use super::Misfit;

#[derive(Clone, Debug)]
pub(in crate::event_pattern) struct Exists(bool);

impl Exists {
    pub(super) fn compile(operand: &Value) -> Result<Self, Misfit> {
        operand.as_bool().map(Self).ok_or("expected `true` or `false`")
    }

    pub(in crate::event_pattern) fn matches(&self, value: Option<&Value>) -> bool {
        value.is_some_and(has_leaf) == self.0
    }
}

fn has_leaf(value: &Value) -> bool {
    match value {
        Value::Object(_) => false,
        Value::Array(items) => items.iter().any(has_leaf),
        _ => true,
    }
}
