//! The errors of AWS WAF: <https://docs.aws.amazon.com/waf/latest/APIReference/CommonErrors.html>

use portcullis_model::Problem;
use portcullis_store::StoreError;
use portcullis_vault::VaultError;

use crate::{input::Input, operation::AwsError};

/// Problems that one answer lists.
const PROBLEMS_SHOWN_MAX: usize = 10;

/// Returns `WAFInvalidParameterException`.
pub fn invalid(field: &str, reason: impl AsRef<str>) -> AwsError {
    AwsError::new(
        "WAFInvalidParameterException",
        400,
        format!("Error reason: {}, field: {field}", reason.as_ref()),
    )
}

/// Returns what is wrong with a web ACL or a set, each problem with its place.
pub(super) fn problems(found: &[Problem]) -> AwsError {
    let listed: Vec<String> = found
        .iter()
        .filter(|problem| problem.is_error())
        .take(PROBLEMS_SHOWN_MAX)
        .map(|problem| format!("{}: {}", problem.path, problem.message))
        .collect();
    AwsError::new(
        "WAFInvalidParameterException",
        400,
        format!("Error reason: {}", listed.join("; ")),
    )
}

/// Returns `WAFNonexistentItemException`.
pub fn nonexistent() -> AwsError {
    AwsError::new(
        "WAFNonexistentItemException",
        400,
        "AWS WAF couldn't perform the operation because your resource doesn't exist.",
    )
}

pub(super) fn duplicate() -> AwsError {
    AwsError::new(
        "WAFDuplicateItemException",
        400,
        "AWS WAF couldn't perform the operation because some resource in your request is a duplicate of an existing one.",
    )
}

pub(super) fn stale() -> AwsError {
    AwsError::new(
        "WAFOptimisticLockException",
        400,
        "AWS WAF couldn't save your changes because someone changed the resource after you started to edit it. Reapply your changes.",
    )
}

/// `users` says what still uses it.
pub(super) fn associated(users: &[String]) -> AwsError {
    AwsError::new(
        "WAFAssociatedItemException",
        400,
        format!(
            "AWS WAF couldn't perform the operation because your resource is being used by another resource or it's associated with another resource: {}",
            users.join(", ")
        ),
    )
}

pub(super) fn limit(what: &str, most: usize) -> AwsError {
    AwsError::new(
        "WAFLimitsExceededException",
        400,
        format!(
            "AWS WAF couldn't perform the operation because you exceeded your resource limit: {most} {what} of one scope"
        ),
    )
}

/// Turns the store's refusal into AWS's.
pub(super) fn from_store(error: &StoreError) -> AwsError {
    match error {
        StoreError::Conflict { .. } => stale(),
        StoreError::Taken { .. } => duplicate(),
        other => AwsError::internal(other.to_string()),
    }
}

pub(super) fn from_vault(error: &VaultError) -> AwsError {
    AwsError::internal(error.to_string())
}

/// Ends the reading of an input, with the name that AWS WAF gives to what does not fit.
pub(super) fn finish(input: Input<'_>) -> Result<(), AwsError> {
    input.finish().map_err(|error| match error.code {
        "InvalidParameterException" => AwsError {
            code: "WAFInvalidParameterException",
            ..error
        },
        _ => error,
    })
}
