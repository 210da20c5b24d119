//! The errors of CloudFront, with AWS's texts where they are known.
//! <https://docs.aws.amazon.com/cloudfront/latest/APIReference/CommonErrors.html>

use crate::operation::AwsError;

/// Returns `InvalidArgument`, 400.
pub fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidArgument", 400, message)
}

/// Returns `MissingBody`, 400.
pub fn missing_body() -> AwsError {
    AwsError::new(
        "MissingBody",
        400,
        "the request has no body that says what is wanted",
    )
}

/// Returns `InconsistentQuantities`, 400.
pub fn inconsistent(path: &str) -> AwsError {
    AwsError::new(
        "InconsistentQuantities",
        400,
        format!("`{path}`: the value of Quantity and the size of Items do not match"),
    )
}

/// Returns `NoSuchDistribution`, 404.
pub fn no_such_distribution() -> AwsError {
    AwsError::new(
        "NoSuchDistribution",
        404,
        "The specified distribution does not exist.",
    )
}

/// Returns `NoSuchInvalidation`, 404.
pub fn no_such_invalidation() -> AwsError {
    AwsError::new(
        "NoSuchInvalidation",
        404,
        "The specified invalidation does not exist.",
    )
}

/// Returns `InvalidIfMatchVersion`, 400: none was given.
pub fn no_if_match() -> AwsError {
    AwsError::new(
        "InvalidIfMatchVersion",
        400,
        "The If-Match version is missing or not valid for the resource.",
    )
}

/// Returns `PreconditionFailed`, 412: somebody else was first.
pub fn stale() -> AwsError {
    AwsError::new(
        "PreconditionFailed",
        412,
        "The request failed because it didn't meet the preconditions in one or more request-header fields.",
    )
}
