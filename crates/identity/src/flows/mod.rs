//! How users sign up, sign in, stay signed in and sign out: one file per flow.

use std::collections::BTreeMap;

use portcullis_model::SecretText;

pub mod admin;
pub mod auth;
pub mod sign_up;

pub use admin::{AdminCreateUser, MessageAction};
pub use auth::{
    AdminInitiateAuth, AdminRespondToAuthChallenge, AuthOutcome, AuthenticationResult, GetUserAnswer,
    InitiateAuth, RefreshTokens, RespondToAuthChallenge, RevokeToken,
};
pub use sign_up::{CodeDelivery, ConfirmSignUp, ResendConfirmationCode, SignUp, SignUpAnswer};

/// What a client sends by name: `USERNAME`, `PASSWORD`, `SRP_A`, … Holds secrets, so it has no `Debug`.
pub type Parameters = BTreeMap<String, SecretText>;
