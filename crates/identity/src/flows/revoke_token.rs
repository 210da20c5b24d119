//! `RevokeToken`: a refresh token and everything that came from it end, at once and everywhere.
//!
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/token-revocation.html>. On AWS access tokens go on
//! working at APIs until they expire; here the gateway refuses them too.

use portcullis_model::SecretText;
use portcullis_store::{RecordKey, kinds};

use crate::{Identity, IdentityError, records::inside, tokens::families::RefreshToken};

/// What `RevokeToken` takes.
#[derive(Clone)]
pub struct RevokeToken {
    pub client_id: String,
    pub client_secret: Option<SecretText>,
    pub token: SecretText,
}

impl Identity {
    /// `RevokeToken`
    pub async fn revoke_token(&self, input: RevokeToken) -> Result<(), IdentityError> {
        let context = match self.client_anywhere(&input.client_id).await {
            // AWS lists no ResourceNotFoundException here.
            Err(refused) if refused.name() == "ResourceNotFoundException" => {
                return Err(IdentityError::invalid_parameter(refused.message().to_owned()));
            }
            context => context?,
        };
        self.check_client_secret(&context, input.client_secret.as_ref())
            .map_err(|cause| {
                IdentityError::unauthorized("Unable to verify the client's secret").because(cause)
            })?;
        if !context.client.enable_token_revocation {
            return Err(IdentityError::unsupported_operation(
                "Token revocation is not enabled for this client",
            ));
        }
        let Some(token) = RefreshToken::parse(&input.token) else {
            return Err(if input.token.expose().contains('.') {
                IdentityError::unsupported_token_type("Only refresh tokens can be revoked")
            } else {
                IdentityError::invalid_parameter("Invalid token")
            });
        };
        match self.family_of(&context, &token).await? {
            Some(family) if family.value.client_id != context.client.client_id => Err(
                IdentityError::unauthorized("The token was issued to another client"),
            ),
            Some(family) => self.revoke_family(&context.scope, family).await,
            None => {
                // RFC 7009 section 2.2: what is revoked already is no error.
                let key = RecordKey::new(
                    &context.scope,
                    kinds::REVOCATION,
                    inside(&context.pool.id, &token.origin_jti),
                );
                match self.store.read(&key).await? {
                    Some(_) => Ok(()),
                    None => Err(IdentityError::invalid_parameter("Invalid token")),
                }
            }
        }
    }
}
