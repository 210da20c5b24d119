//! `SECRET_HASH`: how a confidential client proves in user flows that it knows its secret.
//!
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/signing-up-users-in-your-app.html>, "Computing secret hash values".

use portcullis_engines::srp::secret_hash;
use portcullis_model::SecretText;
use subtle::ConstantTimeEq;

use crate::{Identity, IdentityError, records::ClientContext};

impl Identity {
    /// Refuses a hash that is missing or wrong. It may have been made with any of `names`.
    pub(crate) fn check_secret_hash(
        &self,
        context: &ClientContext,
        names: &[&str],
        given: Option<&str>,
    ) -> Result<(), IdentityError> {
        let id = &context.client.client_id;
        let refused =
            || IdentityError::not_authorized(format!("Unable to verify secret hash for client {id}"));
        let Some(secret) = self.client_secret(&context.client)? else {
            // As AWS: a public client has no secret to hash, so a hash is a mistake somebody should see.
            return match given {
                None => Ok(()),
                Some(_) => Err(refused().because("the client is public and sent a secret hash")),
            };
        };
        let Some(given) = given else {
            return Err(IdentityError::not_authorized(format!(
                "Client {id} is configured with secret but SECRET_HASH was not received"
            )));
        };
        let fits = |name: &&str| -> bool {
            secret_hash(&secret, name, id.as_str())
                .as_bytes()
                .ct_eq(given.as_bytes())
                .into()
        };
        // No short cut: which of the names it was is nobody's business either.
        if names.iter().filter(|name| fits(name)).count() > 0 {
            return Ok(());
        }
        Err(refused().because("the secret hash does not match"))
    }

    /// Refuses a client secret that is missing, wrong or superfluous.
    pub(crate) fn check_client_secret(
        &self,
        context: &ClientContext,
        given: Option<&SecretText>,
    ) -> Result<(), &'static str> {
        match (self.client_secret(&context.client), given) {
            (Err(_), _) => Err("the client's secret cannot be unsealed"),
            (Ok(None), None) => Ok(()),
            (Ok(None), Some(_)) => Err("the client is public and sent a secret"),
            (Ok(Some(_)), None) => Err("the client's secret is missing"),
            (Ok(Some(kept)), Some(given)) if kept == *given => Ok(()),
            (Ok(Some(_)), Some(_)) => Err("the client's secret does not match"),
        }
    }
}
