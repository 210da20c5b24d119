//! How an operation says no: AWS's exception name and public text, and a private cause for the trail.
//!
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/CommonErrors.html>

use std::{borrow::Cow, fmt};

use portcullis_store::StoreError;

/// An operation's refusal or failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IdentityError {
    name: &'static str,
    message: Cow<'static, str>,
    cause: Option<String>,
}

macro_rules! exceptions {
    ($($(#[$doc:meta])* $function:ident = $name:literal),* $(,)?) => {
        impl IdentityError {$(
            $(#[$doc])*
            pub fn $function(message: impl Into<Cow<'static, str>>) -> Self {
                Self { name: $name, message: message.into(), cause: None }
            }
        )*}
    };
}

exceptions! {
    /// Another user has the e-mail address, telephone number or preferred name.
    alias_exists = "AliasExistsException",
    /// A code could not be sent.
    code_delivery_failure = "CodeDeliveryFailureException",
    /// The code is wrong.
    code_mismatch = "CodeMismatchException",
    /// Somebody else changed the record meanwhile.
    concurrent_modification = "ConcurrentModificationException",
    /// The code is too old, spent or was never sent.
    expired_code = "ExpiredCodeException",
    /// A group of that name exists.
    group_exists = "GroupExistsException",
    /// Something broke that the caller cannot repair.
    internal_error = "InternalErrorException",
    /// OAuth flows that do not go together.
    invalid_oauth_flow = "InvalidOAuthFlowException",
    /// A value that does not fit.
    invalid_parameter = "InvalidParameterException",
    /// The password does not meet the pool's policy.
    invalid_password = "InvalidPasswordException",
    /// Too much of something.
    limit_exceeded = "LimitExceededException",
    /// Not with these credentials, or not now.
    not_authorized = "NotAuthorizedException",
    /// The user must set a new password first.
    password_reset_required = "PasswordResetRequiredException",
    /// No such pool, client, group, resource server or domain.
    resource_not_found = "ResourceNotFoundException",
    /// A scope that no resource server has.
    scope_does_not_exist = "ScopeDoesNotExistException",
    /// Too many requests at the moment.
    too_many_requests = "TooManyRequestsException",
    /// The caller of `RevokeToken` is not the token's client.
    unauthorized = "UnauthorizedException",
    /// Not on this client.
    unsupported_operation = "UnsupportedOperationException",
    /// A token that cannot be revoked.
    unsupported_token_type = "UnsupportedTokenTypeException",
    /// Not in the user's present state.
    unsupported_user_state = "UnsupportedUserStateException",
    /// The user has not confirmed the address yet.
    user_not_confirmed = "UserNotConfirmedException",
    /// No such user.
    user_not_found = "UserNotFoundException",
    /// A user of that name exists.
    username_exists = "UsernameExistsException",
}

impl IdentityError {
    /// Adds what really happened, for the trail only.
    #[must_use]
    pub fn because(mut self, cause: impl Into<String>) -> Self {
        self.cause = Some(cause.into());
        self
    }

    /// Returns the failure that callers see when something of ours broke.
    pub fn broken(cause: impl fmt::Display) -> Self {
        Self::internal_error("Something went wrong").because(cause.to_string())
    }

    /// Returns AWS's exception name.
    pub const fn name(&self) -> &'static str {
        self.name
    }

    /// Returns the public text.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// Returns what really happened. For the trail, never for the caller.
    pub fn cause(&self) -> Option<&str> {
        self.cause.as_deref()
    }

    /// Returns the HTTP status that goes with it.
    pub fn status(&self) -> u16 {
        match self.name {
            "InternalErrorException" => 500,
            "TooManyRequestsException" => 429,
            _ => 400,
        }
    }
}

impl fmt::Display for IdentityError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.name, self.message)
    }
}

impl std::error::Error for IdentityError {}

impl From<StoreError> for IdentityError {
    fn from(error: StoreError) -> Self {
        match &error {
            StoreError::Conflict { .. } | StoreError::Taken { .. } => {
                Self::concurrent_modification("The resource is being modified by another request")
                    .because(error.to_string())
            }
            _ => Self::broken(error),
        }
    }
}
