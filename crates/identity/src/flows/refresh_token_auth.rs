//! `REFRESH_TOKEN_AUTH` (also called `REFRESH_TOKEN`) and `GetTokensFromRefreshToken`: new ID and access tokens of the
//! same sign-in. `auth_time` and `origin_jti` stay; the refresh token stays good, and is not sent again.
//!
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-refresh-token.html>

use portcullis_model::{
    SecretText,
    resources::cognito::{User, UserStatus},
};
use portcullis_store::{RecordKey, kinds};

use super::{
    AuthOutcome, AuthenticationResult, Parameters, enabled::Flow, required, standing::check_enabled,
};
use crate::{
    Identity, IdentityError,
    directory::users::srp_id,
    records::{ClientContext, inside},
    tokens::families::{Family, RefreshToken},
};

/// What `GetTokensFromRefreshToken` takes.
#[derive(Clone)]
pub struct RefreshTokens {
    pub client_id: String,
    pub client_secret: Option<SecretText>,
    pub refresh_token: SecretText,
}

impl Identity {
    /// `GetTokensFromRefreshToken`
    pub async fn get_tokens_from_refresh_token(
        &self,
        input: RefreshTokens,
    ) -> Result<AuthenticationResult, IdentityError> {
        let context = self.client_anywhere(&input.client_id).await?;
        Flow::RefreshToken.check(&context.client)?;
        self.check_client_secret(&context, input.client_secret.as_ref())
            .map_err(|cause| {
                IdentityError::not_authorized(format!(
                    "Unable to verify secret for client {}",
                    input.client_id
                ))
                .because(cause)
            })?;
        let (family, user) = self.check_refresh_token(&context, &input.refresh_token).await?;
        self.issue(&context, &user, &family, self.clock.now(), None).await
    }

    pub(super) async fn refresh_token_auth(
        &self,
        context: &ClientContext,
        parameters: &Parameters,
    ) -> Result<AuthOutcome, IdentityError> {
        let token = SecretText::new(required(parameters, "REFRESH_TOKEN")?.to_owned());
        let (family, user) = self.check_refresh_token(context, &token).await?;
        // Clients hash whichever of the user's names they remember.
        let (sub, id) = (user.sub.as_str(), srp_id(&context.pool, &user));
        let addresses = ["email", "phone_number", "preferred_username"];
        let mut names = vec![user.username.as_str(), sub, id.as_str()];
        names.extend(
            addresses
                .iter()
                .filter_map(|name| user.attributes.get(*name))
                .map(String::as_str),
        );
        let secret_hash = parameters.get("SECRET_HASH").map(SecretText::expose);
        self.check_secret_hash(context, &names, secret_hash)?;
        Ok(AuthOutcome::SignedIn(
            self.issue(context, &user, &family, self.clock.now(), None)
                .await?,
        ))
    }

    /// Returns the family and the user of a refresh token that is good; refuses every other.
    pub(crate) async fn check_refresh_token(
        &self,
        context: &ClientContext,
        token: &SecretText,
    ) -> Result<(Family, User), IdentityError> {
        let invalid =
            |cause: &'static str| IdentityError::not_authorized("Invalid Refresh Token").because(cause);
        let revoked = |cause: &'static str| {
            IdentityError::not_authorized("Refresh Token has been revoked").because(cause)
        };
        let token = RefreshToken::parse(token).ok_or_else(|| invalid("it is no refresh token of ours"))?;
        let (scope, pool) = (&context.scope, &context.pool);
        let Some(family) = self.family_of(context, &token).await? else {
            let key = RecordKey::new(scope, kinds::REVOCATION, inside(&pool.id, &token.origin_jti));
            return Err(match self.store.read(&key).await? {
                Some(_) => revoked("its family was revoked"),
                None => invalid("there is no such family, or its secret is another"),
            });
        };
        let family = family.value;
        if family.client_id != context.client.client_id {
            return Err(invalid("it belongs to another client"));
        }
        if self.clock.now() >= family.expires {
            return Err(IdentityError::not_authorized("Refresh Token has expired"));
        }
        let found = self.find_user(scope, pool, &family.username).await?;
        let user = found
            .map(|user| user.value)
            .filter(|user| user.sub == family.sub)
            .ok_or_else(|| invalid("its user does not exist any more"))?;
        if user
            .signed_out_at
            .is_some_and(|signed_out| family.auth_time < signed_out)
        {
            return Err(revoked("the user signed out after signing in"));
        }
        check_enabled(&user)?;
        match user.user_status {
            UserStatus::ResetRequired => Err(IdentityError::password_reset_required(
                "Password reset required for the user",
            )),
            _ => Ok((family, user)),
        }
    }
}
