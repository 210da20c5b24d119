//! `GlobalSignOut` and `AdminUserGlobalSignOut`: every token that the user has ends, at once and everywhere.
//!
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GlobalSignOut.html>

use portcullis_model::{Scope, SecretText, resources::cognito::UserPool};

use crate::{Identity, IdentityError};

impl Identity {
    /// `GlobalSignOut`
    pub async fn global_sign_out(&self, access_token: &SecretText) -> Result<(), IdentityError> {
        let presented = self.check_access_token(access_token).await?;
        let context = presented.context;
        self.sign_user_out(&context.scope, &context.pool, &presented.user.value.username)
            .await
    }

    /// `AdminUserGlobalSignOut`
    pub async fn admin_user_global_sign_out(
        &self,
        scope: &Scope,
        pool: &str,
        username: &str,
    ) -> Result<(), IdentityError> {
        let pool = self.pool(scope, pool).await?.value;
        self.sign_user_out(scope, &pool, username).await
    }

    async fn sign_user_out(
        &self,
        scope: &Scope,
        pool: &UserPool,
        username: &str,
    ) -> Result<(), IdentityError> {
        let now = self.clock.now();
        let user = self
            .change_user(scope, pool, username, |user| {
                user.signed_out_at = Some(now);
                Ok(())
            })
            .await?;
        self.end_all_tokens(scope, pool, &user, now).await
    }
}
