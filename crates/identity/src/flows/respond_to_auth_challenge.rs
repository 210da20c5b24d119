//! `RespondToAuthChallenge` and `AdminRespondToAuthChallenge`: which challenge is answered?
//!
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_RespondToAuthChallenge.html>

use portcullis_model::{Scope, SecretText};

use super::{AuthOutcome, Parameters};
use crate::{Identity, IdentityError, directory::pool_options::check_value, records::ClientContext};

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

/// AWS's own list; all but two are known, and refused until they exist.
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

impl Identity {
    /// `RespondToAuthChallenge`
    pub async fn respond_to_auth_challenge(
        &self,
        input: RespondToAuthChallenge,
    ) -> Result<AuthOutcome, IdentityError> {
        check_value("challengeName", &Some(input.challenge_name.clone()), CHALLENGES)?;
        let context = self.client_anywhere(&input.client_id).await?;
        let (session, responses) = (input.session.as_ref(), &input.challenge_responses);
        self.answer(&context, &input.challenge_name, session, responses)
            .await
    }

    /// `AdminRespondToAuthChallenge`
    pub async fn admin_respond_to_auth_challenge(
        &self,
        scope: &Scope,
        input: AdminRespondToAuthChallenge,
    ) -> Result<AuthOutcome, IdentityError> {
        check_value("challengeName", &Some(input.challenge_name.clone()), CHALLENGES)?;
        let context = self
            .client_of(scope, &input.user_pool_id, &input.client_id)
            .await?;
        let (session, responses) = (input.session.as_ref(), &input.challenge_responses);
        self.answer(&context, &input.challenge_name, session, responses)
            .await
    }

    async fn answer(
        &self,
        context: &ClientContext,
        challenge_name: &str,
        session: Option<&SecretText>,
        responses: &Parameters,
    ) -> Result<AuthOutcome, IdentityError> {
        match challenge_name {
            "PASSWORD_VERIFIER" => self.password_verifier(context, responses).await,
            "NEW_PASSWORD_REQUIRED" => self.set_new_password(context, session, responses).await,
            other => Err(IdentityError::invalid_parameter(format!(
                "challenge {other} is not supported yet"
            ))),
        }
    }
}
