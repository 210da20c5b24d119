use std::collections::BTreeMap;

use portcullis_model::SecretText;

use super::Parameters;

/// What `InitiateAuth` takes.
#[derive(Clone, Default)]
pub struct InitiateAuth {
    pub client_id: String,
    pub auth_flow: String,
    pub auth_parameters: Parameters,
}

/// What `AdminInitiateAuth` takes.
#[derive(Clone, Default)]
pub struct AdminInitiateAuth {
    pub user_pool_id: String,
    pub client_id: String,
    pub auth_flow: String,
    pub auth_parameters: Parameters,
}

/// What `RespondToAuthChallenge` takes.
#[derive(Clone, Default)]
pub struct RespondToAuthChallenge {
    pub client_id: String,
    pub challenge_name: String,
    pub session: Option<SecretText>,
    pub challenge_responses: Parameters,
}

/// What `AdminRespondToAuthChallenge` takes.
#[derive(Clone, Default)]
pub struct AdminRespondToAuthChallenge {
    pub user_pool_id: String,
    pub client_id: String,
    pub challenge_name: String,
    pub session: Option<SecretText>,
    pub challenge_responses: Parameters,
}

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

/// What `GetTokensFromRefreshToken` takes.
#[derive(Clone)]
pub struct RefreshTokens {
    pub client_id: String,
    pub client_secret: Option<SecretText>,
    pub refresh_token: SecretText,
}

/// What `RevokeToken` takes.
#[derive(Clone)]
pub struct RevokeToken {
    pub client_id: String,
    pub client_secret: Option<SecretText>,
    pub token: SecretText,
}

/// What `GetUser` answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetUserAnswer {
    pub username: String,
    /// What the client may read; `sub` first.
    pub user_attributes: Vec<(String, String)>,
}
