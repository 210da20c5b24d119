//! Steps of signing in on the wire. Parameters and tokens are secrets: they go through, and never into a message.

use portcullis_identity::flows::{AuthOutcome, AuthenticationResult, Parameters};
use portcullis_model::SecretText;
use serde_json::{Map, Value, json};

use crate::input::Input;

const FLOWS: &[&str] = &[
    "USER_SRP_AUTH",
    "REFRESH_TOKEN_AUTH",
    "REFRESH_TOKEN",
    "CUSTOM_AUTH",
    "ADMIN_NO_SRP_AUTH",
    "USER_PASSWORD_AUTH",
    "ADMIN_USER_PASSWORD_AUTH",
    "USER_AUTH",
];
const CHALLENGES: &[&str] = &[
    "SMS_MFA",
    "EMAIL_OTP",
    "SOFTWARE_TOKEN_MFA",
    "SELECT_MFA_TYPE",
    "MFA_SETUP",
    "PASSWORD_VERIFIER",
    "CUSTOM_CHALLENGE",
    "SELECT_CHALLENGE",
    "DEVICE_SRP_AUTH",
    "DEVICE_PASSWORD_VERIFIER",
    "ADMIN_NO_SRP_AUTH",
    "NEW_PASSWORD_REQUIRED",
    "SMS_OTP",
    "PASSWORD",
    "WEB_AUTHN",
    "PASSWORD_SRP",
];

/// Reads `AuthFlow`.
pub(super) fn flow<'a>(input: &mut Input<'a>) -> &'a str {
    let flow = input.one_of("AuthFlow", FLOWS);
    input.require("AuthFlow", flow.is_some());
    flow.unwrap_or_default()
}

/// Reads `ChallengeName`.
pub(super) fn challenge<'a>(input: &mut Input<'a>) -> &'a str {
    let challenge = input.one_of("ChallengeName", CHALLENGES);
    input.require("ChallengeName", challenge.is_some());
    challenge.unwrap_or_default()
}

/// Reads `AuthParameters` or `ChallengeResponses`.
pub(super) fn parameters(input: &mut Input<'_>, member: &str) -> Parameters {
    input
        .text_map(member)
        .unwrap_or_default()
        .into_iter()
        .map(|(name, value)| (name.to_owned(), SecretText::new(value.to_owned())))
        .collect()
}

/// Returns what a step led to.
pub(super) fn answer(outcome: AuthOutcome) -> Value {
    match outcome {
        AuthOutcome::SignedIn(result) => {
            json!({ "ChallengeParameters": {}, "AuthenticationResult": tokens(&result) })
        }
        AuthOutcome::Challenge {
            challenge_name,
            session,
            challenge_parameters,
        } => {
            let mut answer = Map::new();
            answer.insert("ChallengeName".into(), challenge_name.into());
            if let Some(session) = session {
                answer.insert("Session".into(), session.into());
            }
            answer.insert("ChallengeParameters".into(), json!(challenge_parameters));
            Value::Object(answer)
        }
    }
}

/// Returns fresh tokens.
pub(super) fn tokens(result: &AuthenticationResult) -> Value {
    let mut shown = Map::new();
    shown.insert("AccessToken".into(), result.access_token.expose().into());
    shown.insert("ExpiresIn".into(), result.expires_in.into());
    shown.insert("TokenType".into(), "Bearer".into());
    if let Some(refresh_token) = &result.refresh_token {
        shown.insert("RefreshToken".into(), refresh_token.expose().into());
    }
    shown.insert("IdToken".into(), result.id_token.expose().into());
    Value::Object(shown)
}
