//! The errors of ACM: <https://docs.aws.amazon.com/acm/latest/APIReference/CommonErrors.html>

use portcullis_store::StoreError;

use crate::operation::AwsError;

/// Returns `ResourceNotFoundException`.
pub(super) fn not_found(arn: &str) -> AwsError {
    AwsError::new(
        "ResourceNotFoundException",
        400,
        format!("Could not find certificate {arn}."),
    )
}

/// Returns `ValidationException`: something about a certificate or key does not hold.
pub(super) fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::new("ValidationException", 400, message)
}

/// Returns `InvalidParameterException`.
pub(super) fn parameter(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidParameterException", 400, message)
}

/// Turns the store's refusal into AWS's.
pub(super) fn from_store(error: &StoreError) -> AwsError {
    match error {
        StoreError::Conflict { .. } => AwsError::new(
            "ConflictException",
            409,
            "The certificate was changed at the same time.",
        ),
        other => AwsError::internal(other.to_string()),
    }
}
