//! `AdminSetUserPassword`: for good, or until the next sign-in.
//!
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminSetUserPassword.html>

use portcullis_model::{Scope, SecretText, resources::cognito::UserStatus};

use super::admin_create_user::temporary_until;
use crate::{Identity, IdentityError, passwords::policy};

impl Identity {
    /// `AdminSetUserPassword`
    pub async fn admin_set_user_password(
        &self,
        scope: &Scope,
        pool: &str,
        username: &str,
        password: SecretText,
        permanent: bool,
    ) -> Result<(), IdentityError> {
        let pool = self.pool(scope, pool).await?.value;
        let found = self.user(scope, &pool, username).await?.value;
        policy::check(&pool.password_policy, &password)?;
        let made = self.make_credentials(scope, &pool, &found, &password).await?;
        let until = temporary_until(&pool, self.clock.now());
        self.change_user(scope, &pool, &found.username, |user| {
            user.sealed_password = Some(made.sealed_password.clone());
            user.sealed_srp_verifier.clone_from(&made.sealed_srp_verifier);
            user.temporary_password_expires = (!permanent).then_some(until);
            user.user_status = if permanent {
                UserStatus::Confirmed
            } else {
                UserStatus::ForceChangePassword
            };
            Ok(())
        })
        .await?;
        Ok(())
    }
}
