//! `ConfirmSignUp`: the code that was mailed makes the user confirmed and the address verified.
//!
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ConfirmSignUp.html>

use portcullis_model::{SecretText, resources::cognito::UserStatus};
use portcullis_store::{Batch, StoreError};

use super::codes::{self, Purpose};
use crate::{
    Identity, IdentityError,
    directory::users::{alias_taken, put_user},
    records::ClientContext,
};

/// What `ConfirmSignUp` takes.
#[derive(Clone)]
pub struct ConfirmSignUp {
    pub client_id: String,
    pub secret_hash: Option<String>,
    pub username: String,
    pub confirmation_code: SecretText,
    /// Takes an address that another user has verified.
    pub force_alias_creation: bool,
}

impl Identity {
    /// `ConfirmSignUp`
    pub async fn confirm_sign_up(&self, input: ConfirmSignUp) -> Result<(), IdentityError> {
        let context = self.client_anywhere(&input.client_id).await?;
        self.check_secret_hash(&context, &[&input.username], input.secret_hash.as_deref())?;
        self.confirm_user(&context, &input).await
    }

    /// Confirms a user for a client that is known to be itself, or for its user on the hosted pages.
    pub(crate) async fn confirm_user(
        &self,
        context: &ClientContext,
        input: &ConfirmSignUp,
    ) -> Result<(), IdentityError> {
        let (scope, pool) = (&context.scope, &context.pool);
        let Some(found) = self.find_user(scope, pool, &input.username).await? else {
            return Err(if context.hides_existence() {
                codes::expired_code().because("there is no such user")
            } else {
                IdentityError::user_not_found("Username/client id combination not found.")
            });
        };
        check_unconfirmed(found.value.user_status)?;
        let right = self
            .check_code(
                scope,
                pool,
                &found.value,
                Purpose::SignUp,
                &input.confirmation_code,
            )
            .await?;
        let expect = found.expect();
        let mut user = found.value;
        user.user_status = UserStatus::Confirmed;
        user.user_last_modified_date = self.clock.now();
        // What was proved is the address that the code went to, not one that was set since.
        if user.attributes.get("email") == Some(&right.destination) {
            user.attributes.insert("email_verified".into(), "true".into());
        }
        if input.force_alias_creation {
            self.take_aliases(scope, pool, &user).await?;
        }
        let mut batch = Batch::new().with(put_user(scope, pool, &user, expect)?);
        batch.append(right.spend);
        match self.store.commit(batch).await {
            Ok(_) => Ok(()),
            Err(StoreError::Conflict { .. }) => {
                Err(codes::expired_code().because("the code or the user changed meanwhile"))
            }
            Err(error) => Err(alias_taken(pool, &user, error)),
        }
    }
}

/// Refuses to confirm a user who is past that, in AWS's words.
pub(super) fn check_unconfirmed(status: UserStatus) -> Result<(), IdentityError> {
    if status == UserStatus::Unconfirmed {
        return Ok(());
    }
    Err(IdentityError::not_authorized(format!(
        "User cannot be confirmed. Current status is {}",
        status.as_str()
    )))
}
