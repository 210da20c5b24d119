//! How users sign up, sign in, stay signed in and sign out: one file per flow, inputs and outputs beside it.
//!
//! Operations without a [`Scope`](portcullis_model::Scope) are those that AWS models as unsigned: the client id or
//! the token says which pool is meant.

use std::collections::BTreeMap;

use portcullis_model::SecretText;

use crate::IdentityError;

pub mod sign_up;
pub mod confirm_sign_up;
pub mod resend_confirmation_code;
pub mod forgot_password;
pub mod initiate_auth;
pub mod user_password_auth;
pub mod user_srp_auth;
pub mod respond_to_auth_challenge;
pub mod new_password_required;
pub mod refresh_token_auth;
pub mod revoke_token;
pub mod sign_out;
pub mod get_user;
pub mod admin_create_user;
pub mod admin_set_user_password;
pub mod admin_users;
pub(crate) mod codes;
pub(crate) mod enabled;
pub(crate) mod mails;
pub(crate) mod pretence;
pub(crate) mod secret_hash;
pub(crate) mod standing;

pub use admin_create_user::{AdminCreateUser, MessageAction};
pub use codes::CodeDelivery;
pub use confirm_sign_up::ConfirmSignUp;
pub use forgot_password::{ConfirmForgotPassword, ForgotPassword};
pub use get_user::GetUserAnswer;
pub use initiate_auth::{AdminInitiateAuth, InitiateAuth};
pub use refresh_token_auth::RefreshTokens;
pub use resend_confirmation_code::ResendConfirmationCode;
pub use respond_to_auth_challenge::{AdminRespondToAuthChallenge, RespondToAuthChallenge};
pub use revoke_token::RevokeToken;
pub use sign_up::{SignUp, SignUpAnswer};

/// What a client sends by name: `USERNAME`, `PASSWORD`, `SRP_A`, … Holds secrets, so it has no `Debug`.
pub type Parameters = BTreeMap<String, SecretText>;

/// What a step of signing in leads to.
pub enum AuthOutcome {
    /// One more step.
    Challenge {
        challenge_name: &'static str,
        session: Option<String>,
        challenge_parameters: BTreeMap<&'static str, String>,
    },
    /// Signed in.
    SignedIn(AuthenticationResult),
}

/// Tokens, fresh. `TokenType` is `Bearer`.
#[derive(Clone)]
pub struct AuthenticationResult {
    pub access_token: SecretText,
    pub id_token: SecretText,
    /// None when refreshed: the old one stays good.
    pub refresh_token: Option<SecretText>,
    /// Seconds that the access token lives.
    pub expires_in: i64,
}

/// Longest value that is looked at: no parameter of ours is longer.
const PARAMETER_BYTES_MAX: usize = 16 * 1024;

/// Returns a parameter that must be there.
pub(crate) fn required<'a>(parameters: &'a Parameters, name: &str) -> Result<&'a str, IdentityError> {
    match parameters.get(name).map(SecretText::expose) {
        None | Some("") => Err(IdentityError::invalid_parameter(format!(
            "Missing required parameter {name}"
        ))),
        Some(value) if value.len() > PARAMETER_BYTES_MAX => Err(IdentityError::invalid_parameter(format!(
            "parameter {name} has more than {PARAMETER_BYTES_MAX} bytes"
        ))),
        Some(value) => Ok(value),
    }
}

/// Returns AWS's answer to a wrong name or password, which are not told apart.
pub(crate) fn wrong_credentials(cause: impl Into<String>) -> IdentityError {
    IdentityError::not_authorized("Incorrect username or password.").because(cause)
}
