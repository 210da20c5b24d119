//! How an operation on events says no: AWS's exception and text, and a private cause. Never a secret.

use portcullis_store::StoreError;
use portcullis_vault::{VaultError, secrets::SecretsError};

/// A refusal or failure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct EventsError {
    name: &'static str,
    message: String,
    cause: Option<String>,
    conflict: bool,
}

impl EventsError {
    pub(crate) fn new(name: &'static str, message: impl Into<String>) -> Self {
        Self {
            name,
            message: message.into(),
            cause: None,
            conflict: false,
        }
    }

    /// Returns the error of an input that does not fit.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationException", message)
    }

    pub(crate) fn not_found(message: impl Into<String>) -> Self {
        Self::new("ResourceNotFoundException", message)
    }

    pub(crate) fn exists(message: impl Into<String>) -> Self {
        Self::new("ResourceAlreadyExistsException", message)
    }

    pub(crate) fn limit(message: impl Into<String>) -> Self {
        Self::new("LimitExceededException", message)
    }

    pub(crate) fn internal(cause: impl Into<String>) -> Self {
        let message = "This exception occurs due to unexpected causes.";
        Self {
            cause: Some(cause.into()),
            ..Self::new("InternalException", message)
        }
    }

    /// Returns AWS's name of the exception.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns what the caller is told.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns what only the trail says.
    pub fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// Tells whether what was named is not there.
    pub fn is_not_found(&self) -> bool {
        self.name == "ResourceNotFoundException"
    }

    pub(crate) const fn is_conflict(&self) -> bool {
        self.conflict
    }
}

impl From<StoreError> for EventsError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict { .. } => Self {
                cause: Some(error.to_string()),
                conflict: true,
                ..Self::new(
                    "ConcurrentModificationException",
                    "There is concurrent modification on a rule, target, archive, or replay.",
                )
            },
            other => Self::internal(other.to_string()),
        }
    }
}

impl From<VaultError> for EventsError {
    fn from(error: VaultError) -> Self {
        Self::internal(error.to_string())
    }
}

impl From<SecretsError> for EventsError {
    fn from(error: SecretsError) -> Self {
        Self::internal(error.cause().unwrap_or(error.message()))
    }
}
