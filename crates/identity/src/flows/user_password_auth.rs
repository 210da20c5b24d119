//! `USER_PASSWORD_AUTH` and `ADMIN_USER_PASSWORD_AUTH`: name and password, sent as they are.
//!
//! A name that nobody has takes as long as a wrong password, and locks like one.

use portcullis_model::{SecretText, resources::cognito::User};
use portcullis_store::{Batch, typed::Versioned};

use super::{AuthOutcome, Parameters, required, wrong_credentials};
use crate::{
    Identity, IdentityError,
    directory::users::{no_such_user, srp_id},
    records::ClientContext,
};

impl Identity {
    pub(super) async fn password_auth(
        &self,
        context: &ClientContext,
        parameters: &Parameters,
    ) -> Result<AuthOutcome, IdentityError> {
        let username = required(parameters, "USERNAME")?;
        let password = SecretText::new(required(parameters, "PASSWORD")?.to_owned());
        let secret_hash = parameters.get("SECRET_HASH").map(SecretText::expose);
        self.check_secret_hash(context, &[username], secret_hash)?;
        let user = self.user_by_password(context, username, &password).await?;
        self.proceed(context, user, Batch::new()).await
    }

    /// Returns the user who has this name and this password. Guessing is slowed down here, wherever it comes from.
    pub(crate) async fn user_by_password(
        &self,
        context: &ClientContext,
        username: &str,
        password: &SecretText,
    ) -> Result<Versioned<User>, IdentityError> {
        let pool = &context.pool;
        let found = self.find_user(&context.scope, pool, username).await?;
        if found.is_none() && !context.hides_existence() {
            return Err(no_such_user());
        }
        // The name that SRP locks too, for users who do not exist as well.
        let name = match &found {
            Some(user) => srp_id(pool, &user.value),
            None => self.pretended_srp_id(pool, username)?,
        };
        self.lockout.check(&pool.id, &name, self.clock.now())?;
        let right = self
            .is_password(pool, found.as_ref().map(|user| &user.value), password)
            .await?;
        // Guesses that ran side by side have been counted meanwhile: a right one among them comes too late.
        self.lockout.check(&pool.id, &name, self.clock.now())?;
        let Some(user) = found.filter(|_| right) else {
            self.lockout.failed(&pool.id, &name, self.clock.now());
            return Err(wrong_credentials("wrong password, or no such user"));
        };
        self.lockout.succeeded(&pool.id, &name);
        self.with_verifier(context, user, password).await
    }

    /// Makes the SRP verifier of a user whose password was set when no client allowed SRP.
    async fn with_verifier(
        &self,
        context: &ClientContext,
        found: Versioned<User>,
        password: &SecretText,
    ) -> Result<Versioned<User>, IdentityError> {
        let (scope, pool) = (&context.scope, &context.pool);
        if found.value.sealed_srp_verifier.is_some() || !self.pool_allows_srp(scope, pool).await? {
            return Ok(found);
        }
        let made = self.make_credentials(scope, pool, &found.value, password).await?;
        let before = found.value.sealed_password.clone();
        self.change_user(scope, pool, &found.value.username, |user| {
            // A password that was set meanwhile has its verifier.
            if user.sealed_password == before {
                user.sealed_srp_verifier.clone_from(&made.sealed_srp_verifier);
            }
            Ok(())
        })
        .await?;
        self.user(scope, pool, &found.value.username).await
    }
}
