//! How an operation says no on AWS's wires: code, status, public message, and a private cause for the trail.

use portcullis_events::EventsError;
use portcullis_identity::IdentityError;
use portcullis_store::StoreError;
use portcullis_vault::secrets::SecretsError;

/// An error as AWS spells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AwsError {
    pub code: &'static str,
    pub status: u16,
    /// For the caller.
    pub message: String,
    /// For the trail only. Never holds a secret.
    pub cause: Option<String>,
}

impl AwsError {
    /// Returns an error with `code`.
    pub fn new(code: &'static str, status: u16, message: impl Into<String>) -> Self {
        Self {
            code,
            status,
            message: message.into(),
            cause: None,
        }
    }

    /// Adds what only the trail may say.
    #[must_use]
    pub fn because(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Returns `ValidationError`, 400: what CloudFormation and IAM say of an input they refuse.
    pub fn validation(message: impl Into<String>) -> Self {
        Self::new("ValidationError", 400, message)
    }

    /// Returns the error of something that broke on our side; the caller learns nothing of it.
    pub fn internal(cause: impl Into<String>) -> Self {
        Self::new(
            "InternalFailure",
            500,
            "The request processing has failed because of an unknown error.",
        )
        .because(cause)
    }
}

impl AwsError {
    /// Returns the error that a crate below has named already.
    fn told(code: &'static str, status: u16, message: &str, cause: Option<&str>) -> Self {
        Self {
            code,
            status,
            message: message.to_owned(),
            cause: cause.map(str::to_owned),
        }
    }
}

impl From<StoreError> for AwsError {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Conflict { .. } => Self::new(
                "ConcurrentModificationException",
                400,
                "The resource was changed by somebody else. Try again.",
            )
            .because(error.to_string()),
            _ => Self::internal(error.to_string()),
        }
    }
}

impl From<IdentityError> for AwsError {
    fn from(error: IdentityError) -> Self {
        let status = match error.name() {
            "InternalErrorException" => 500,
            "TooManyRequestsException" => 429,
            _ => 400,
        };
        Self::told(error.name(), status, error.message(), error.cause())
    }
}

impl From<SecretsError> for AwsError {
    fn from(error: SecretsError) -> Self {
        let status = status_of(error.name() == "InternalServiceError");
        Self::told(error.name(), status, error.message(), error.cause())
    }
}

impl From<EventsError> for AwsError {
    fn from(error: EventsError) -> Self {
        let status = status_of(error.name() == "InternalException");
        Self::told(error.name(), status, error.message(), error.cause())
    }
}

const fn status_of(is_ours: bool) -> u16 {
    if is_ours { 500 } else { 400 }
}
