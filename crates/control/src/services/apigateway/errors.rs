//! The errors of API Gateway, with AWS's texts where they are known.
//! <https://docs.aws.amazon.com/apigateway/latest/api/CommonErrors.html>

use portcullis_store::StoreError;

use crate::operation::AwsError;

/// Returns `NotFoundException`, 404.
pub fn not_found(message: impl Into<String>) -> AwsError {
    AwsError::new("NotFoundException", 404, message)
}

/// Returns `BadRequestException`, 400.
pub fn bad_request(message: impl Into<String>) -> AwsError {
    AwsError::new("BadRequestException", 400, message)
}

/// Returns `ConflictException`, 409.
pub fn conflict(message: impl Into<String>) -> AwsError {
    AwsError::new("ConflictException", 409, message)
}

/// Returns `BadRequestException` for a field that AWS has and this program does not act on.
pub fn unsupported(field: &str, reason: &str) -> AwsError {
    bad_request(format!("`{field}` is not supported: {reason}"))
}

/// Turns the store's refusal into AWS's.
pub fn from_store(error: &StoreError) -> AwsError {
    match error {
        StoreError::Conflict { .. } => {
            conflict("Unable to complete operation due to concurrent modification. Please try again later.")
        }
        StoreError::Taken { name, value } => conflict(format!("`{value}` is taken as `{name}`")),
        other => AwsError::internal(other.to_string()),
    }
}
