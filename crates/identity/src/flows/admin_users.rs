//! What administrators do to one user: look, confirm, enable, disable, change attributes, delete.

use portcullis_model::{Scope, resources::cognito::UserStatus};
use portcullis_store::{Batch, Expect};

use super::{
    codes::{Purpose, code_key},
    confirm_sign_up::check_unconfirmed,
};
use crate::{
    Identity, IdentityError,
    directory::{UserDescription, attributes, users},
};

impl Identity {
    /// `AdminGetUser`
    pub async fn admin_get_user(
        &self,
        scope: &Scope,
        pool: &str,
        username: &str,
    ) -> Result<UserDescription, IdentityError> {
        let pool = self.pool(scope, pool).await?.value;
        Ok(users::describe(&self.user(scope, &pool, username).await?.value))
    }

    /// `AdminConfirmSignUp`: without a code, so no address becomes verified.
    pub async fn admin_confirm_sign_up(
        &self,
        scope: &Scope,
        pool: &str,
        username: &str,
    ) -> Result<(), IdentityError> {
        let pool = self.pool(scope, pool).await?.value;
        self.change_user(scope, &pool, username, |user| {
            check_unconfirmed(user.user_status)?;
            user.user_status = UserStatus::Confirmed;
            Ok(())
        })
        .await?;
        Ok(())
    }

    /// `AdminEnableUser`
    pub async fn admin_enable_user(
        &self,
        scope: &Scope,
        pool: &str,
        username: &str,
    ) -> Result<(), IdentityError> {
        let pool = self.pool(scope, pool).await?.value;
        self.change_user(scope, &pool, username, |user| {
            user.enabled = true;
            Ok(())
        })
        .await?;
        Ok(())
    }

    /// `AdminDisableUser`: ends the user's tokens too, as AWS documents.
    pub async fn admin_disable_user(
        &self,
        scope: &Scope,
        pool: &str,
        username: &str,
    ) -> Result<(), IdentityError> {
        let pool = self.pool(scope, pool).await?.value;
        let now = self.clock.now();
        let user = self
            .change_user(scope, &pool, username, |user| {
                user.enabled = false;
                user.signed_out_at = Some(now);
                Ok(())
            })
            .await?;
        self.end_all_tokens(scope, &pool, &user, now).await
    }

    /// `AdminDeleteUser`: ends the user's tokens too.
    pub async fn admin_delete_user(
        &self,
        scope: &Scope,
        pool: &str,
        username: &str,
    ) -> Result<(), IdentityError> {
        let pool = self.pool(scope, pool).await?.value;
        let found = self.user(scope, &pool, username).await?;
        let expect = found.expect();
        let mut batch = Batch::new().delete(found.key, expect);
        for purpose in [Purpose::SignUp, Purpose::ForgotPassword] {
            batch = batch.delete(code_key(scope, &pool, &found.value, purpose), Expect::Anything);
        }
        self.store.commit(batch).await?;
        self.end_all_tokens(scope, &pool, &found.value, self.clock.now())
            .await
    }

    /// `AdminUpdateUserAttributes`
    pub async fn admin_update_user_attributes(
        &self,
        scope: &Scope,
        pool: &str,
        username: &str,
        attributes: Vec<(String, String)>,
    ) -> Result<(), IdentityError> {
        let pool = self.pool(scope, pool).await?.value;
        attributes::check(&pool, &attributes)?;
        self.change_user(scope, &pool, username, |user| {
            attributes::check_mutable(&pool, user, &attributes)?;
            attributes::apply(user, &attributes);
            Ok(())
        })
        .await?;
        Ok(())
    }
}
