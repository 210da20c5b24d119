//! Access tokens that users present to the API (`GetUser`, `GlobalSignOut`): verified, and checked against everything
//! that ends a token early.

use portcullis_engines::jwt::{Claims, Compact};
use portcullis_model::{SecretText, Timestamp, resources::cognito::User};
use portcullis_store::{RecordKey, kinds, typed::Versioned};

use super::claims::API_SCOPE;
use crate::{
    Identity, IdentityError,
    directory::users::no_such_user,
    records::{ClientContext, inside},
};

/// Whom an access token speaks for.
pub(crate) struct Presented {
    pub(crate) context: ClientContext,
    pub(crate) user: Versioned<User>,
    /// Parted by spaces.
    pub(crate) scope: String,
}

impl Identity {
    /// Returns whom an access token of ours speaks for at the API; refuses every other token.
    pub(crate) async fn check_access_token(&self, token: &SecretText) -> Result<Presented, IdentityError> {
        self.check_access_token_for(token, API_SCOPE).await
    }

    /// Returns whom an access token of ours speaks for, if it has `scope`; refuses every other token.
    pub(crate) async fn check_access_token_for(
        &self,
        token: &SecretText,
        scope: &str,
    ) -> Result<Presented, IdentityError> {
        let compact = Compact::parse(token.expose()).map_err(|cause| invalid(cause.to_string()))?;
        // Only to find the keys: nothing of it is believed before the signature is checked.
        let unverified = compact
            .unverified_claims()
            .map_err(|cause| invalid(cause.to_string()))?;
        let client = unverified
            .text("client_id")
            .ok_or_else(|| invalid("no `client_id`"))?;
        let context = match self.client_anywhere(client).await {
            Ok(context) => context,
            Err(refused) if refused.name() == "ResourceNotFoundException" => {
                return Err(invalid("its client does not exist"));
            }
            Err(broken) => return Err(broken),
        };
        let keys = self.pool_keys(&context.pool)?;
        if compact.header().kid.as_deref() != Some(keys.access.kid.as_str()) {
            return Err(invalid("it is not signed with the pool's key of access tokens"));
        }
        let claims = compact
            .verify(&keys.access.verifying)
            .map_err(|cause| invalid(cause.to_string()))?;
        self.check_claims(&context, &claims, scope)?;
        self.check_not_ended(&context, &claims).await?;
        let user = self.user_of(&context, &claims).await?;
        let scope = claims.text("scope").unwrap_or_default().to_owned();
        Ok(Presented { context, user, scope })
    }

    fn check_claims(
        &self,
        context: &ClientContext,
        claims: &Claims,
        wanted: &str,
    ) -> Result<(), IdentityError> {
        if claims.text("iss") != Some(self.settings.issuer.issuer(&context.pool.id).as_str()) {
            return Err(invalid("its issuer is another"));
        }
        if claims.text("token_use") != Some("access")
            || claims.text("client_id") != Some(context.client.client_id.as_str())
        {
            return Err(invalid("it is no access token of this client"));
        }
        if claims.check_times(self.clock.now(), 0).is_err() {
            return Err(IdentityError::not_authorized("Access Token has expired"));
        }
        let scopes = claims.text("scope").unwrap_or_default();
        if !scopes.split(' ').any(|scope| scope == wanted) {
            return Err(IdentityError::not_authorized(
                "Access Token does not have required scopes",
            ));
        }
        Ok(())
    }

    /// Refuses a token whose family was revoked. A sign-out of the user revokes every family too.
    async fn check_not_ended(&self, context: &ClientContext, claims: &Claims) -> Result<(), IdentityError> {
        let origin_jti = claims
            .text("origin_jti")
            .ok_or_else(|| invalid("no `origin_jti`"))?;
        let key = RecordKey::new(
            &context.scope,
            kinds::REVOCATION,
            inside(&context.pool.id, origin_jti),
        );
        match self.store.read(&key).await? {
            None => Ok(()),
            Some(_) => Err(revoked().because("its family was revoked")),
        }
    }

    async fn user_of(
        &self,
        context: &ClientContext,
        claims: &Claims,
    ) -> Result<Versioned<User>, IdentityError> {
        let username = claims.text("username").ok_or_else(|| invalid("no `username`"))?;
        let user = self.user(&context.scope, &context.pool, username).await?;
        if claims.text("sub") != Some(user.value.sub.as_str()) {
            return Err(no_such_user().because("the name belongs to another user now"));
        }
        if !user.value.enabled {
            return Err(IdentityError::not_authorized("User is disabled."));
        }
        let issued = claims.number("iat").unwrap_or_default();
        match user.value.signed_out_at {
            Some(signed_out) if issued < signed_out.seconds() => {
                Err(revoked().because("the user signed out after it was issued"))
            }
            _ => Ok(user),
        }
    }
}

/// Tells when the last token that exists at `now` has expired.
pub(crate) fn last_token_expires(now: Timestamp) -> Timestamp {
    now.plus_seconds(super::families::TOKEN_SECONDS_MAX)
}

fn invalid(cause: impl Into<String>) -> IdentityError {
    IdentityError::not_authorized("Invalid Access Token").because(cause)
}

fn revoked() -> IdentityError {
    IdentityError::not_authorized("Access Token has been revoked")
}
