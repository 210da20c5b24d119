//! Why a policy document is refused.

/// A policy document is refused: which element, and why.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{field}`: {reason}")]
pub struct PolicyError {
    /// The path of the element, such as `Statement[0].Condition.StringEquals`.
    pub field: String,
    pub reason: String,
}

impl PolicyError {
    pub(super) fn new(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            field: field.into(),
            reason: reason.into(),
        }
    }
}
