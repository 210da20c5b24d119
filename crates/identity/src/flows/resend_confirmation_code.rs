//! `ResendConfirmationCode`: another code, at most five an hour; the one before is void.
//!
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ResendConfirmationCode.html>

use portcullis_model::resources::cognito::UserStatus;
use portcullis_store::Batch;

use super::{CodeDelivery, codes, codes::Purpose};
use crate::{Identity, IdentityError, records::ClientContext};

/// What `ResendConfirmationCode` takes.
#[derive(Clone, Debug, Default)]
pub struct ResendConfirmationCode {
    pub client_id: String,
    pub secret_hash: Option<String>,
    pub username: String,
}

impl Identity {
    /// `ResendConfirmationCode`
    pub async fn resend_confirmation_code(
        &self,
        input: ResendConfirmationCode,
    ) -> Result<CodeDelivery, IdentityError> {
        let context = self.client_anywhere(&input.client_id).await?;
        self.check_secret_hash(&context, &[&input.username], input.secret_hash.as_deref())?;
        self.resend_code(&context, &input.username).await
    }

    /// Sends another code for a client that is known to be itself, or for its user on the hosted pages.
    pub(crate) async fn resend_code(
        &self,
        context: &ClientContext,
        username: &str,
    ) -> Result<CodeDelivery, IdentityError> {
        let (scope, pool) = (&context.scope, &context.pool);
        let Some(found) = self.find_user(scope, pool, username).await? else {
            if context.hides_existence() {
                return self.pretended_delivery(context, username);
            }
            return Err(IdentityError::user_not_found(
                "Username/client id combination not found.",
            ));
        };
        let user = found.value;
        if user.user_status != UserStatus::Unconfirmed {
            return Err(IdentityError::invalid_parameter("User is already confirmed."));
        }
        let Some(address) = codes::address_to_verify(pool, &user) else {
            return Err(IdentityError::invalid_parameter(
                "Auto verification not turned on.",
            ));
        };
        let before = self
            .read(&codes::code_key(scope, pool, &user, Purpose::SignUp))
            .await?;
        let (code, put) = self.new_code(scope, pool, &user, Purpose::SignUp, address, before.as_ref())?;
        self.store.commit(Batch::new().with(put)).await?;
        self.mail_confirmation(context, &user, address, &code).await?;
        Ok(codes::masked(address))
    }
}
