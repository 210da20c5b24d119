//! How an operation on secrets says no: AWS's exception and text, and a private cause. Never a value.

use portcullis_store::StoreError;

use crate::VaultError;

/// A refusal or failure.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct SecretsError {
    name: &'static str,
    message: String,
    cause: Option<String>,
    conflict: bool,
}

impl SecretsError {
    pub(super) fn new(name: &'static str, message: impl Into<String>) -> Self {
        Self {
            name,
            message: message.into(),
            cause: None,
            conflict: false,
        }
    }

    /// Returns the error of a parameter that does not fit.
    pub fn invalid_parameter(message: impl Into<String>) -> Self {
        Self::new("InvalidParameterException", message)
    }

    /// Returns the error of what cannot be done to the secret as it is.
    pub fn invalid_request(message: impl Into<String>) -> Self {
        Self::new("InvalidRequestException", message)
    }

    /// Returns the error of what is not there.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self::new("ResourceNotFoundException", message)
    }

    pub(super) fn exists(message: impl Into<String>) -> Self {
        Self::new("ResourceExistsException", message)
    }

    pub(super) fn limit(message: impl Into<String>) -> Self {
        Self::new("LimitExceededException", message)
    }

    pub(super) fn internal(cause: impl Into<String>) -> Self {
        let mut error = Self::new("InternalServiceError", "An error occurred on the server side.");
        error.cause = Some(cause.into());
        error
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

    /// Tells whether there is no such secret or version.
    pub fn is_not_found(&self) -> bool {
        self.name == "ResourceNotFoundException"
    }

    pub(super) const fn is_conflict(&self) -> bool {
        self.conflict
    }
}

impl From<StoreError> for SecretsError {
    fn from(error: StoreError) -> Self {
        let conflict = matches!(error, StoreError::Conflict { .. });
        Self {
            conflict,
            ..Self::internal(error.to_string())
        }
    }
}

impl From<VaultError> for SecretsError {
    fn from(error: VaultError) -> Self {
        let mut failure = Self::new(
            "DecryptionFailure",
            "Secrets Manager can't decrypt the protected secret text using the provided KMS key.",
        );
        if matches!(error, VaultError::Sealing { .. }) {
            failure = Self::new(
                "EncryptionFailure",
                "Secrets Manager can't encrypt the protected secret text using the provided KMS key.",
            );
        }
        failure.cause = Some(error.to_string());
        failure
    }
}
