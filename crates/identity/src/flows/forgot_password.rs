//! `ForgotPassword` and `ConfirmForgotPassword`: a code to the verified address, and a new password against it.
//!
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ForgotPassword.html>. Where a client
//! hides who exists, every name is answered alike: a code is said to be on its way, and a code that does not do is a
//! mismatch, whether nobody has the name, nothing was sent, the code is too old or the hour's attempts are used up.
//! A new password ends every token and every session of the user, which AWS leaves alive: whoever resets a password
//! wants the others out.

use portcullis_model::{
    SecretText,
    resources::cognito::{User, UserPool, UserStatus},
};
use portcullis_store::{Batch, StoreError, typed::Versioned};

use super::{
    CodeDelivery,
    codes::{self, Purpose, SentCode, code_key},
    standing::check_enabled,
};
use crate::{
    Identity, IdentityError,
    directory::users::{folded, no_such_user, put_user},
    passwords::policy,
    records::ClientContext,
};

/// What `ForgotPassword` takes.
#[derive(Clone, Debug, Default)]
pub struct ForgotPassword {
    pub client_id: String,
    pub secret_hash: Option<String>,
    pub username: String,
}

/// What `ConfirmForgotPassword` takes.
#[derive(Clone)]
pub struct ConfirmForgotPassword {
    pub client_id: String,
    pub secret_hash: Option<String>,
    pub username: String,
    pub confirmation_code: SecretText,
    pub password: SecretText,
}

impl Identity {
    /// `ForgotPassword`
    pub async fn forgot_password(&self, input: ForgotPassword) -> Result<CodeDelivery, IdentityError> {
        let context = self.client_anywhere(&input.client_id).await?;
        self.check_secret_hash(&context, &[&input.username], input.secret_hash.as_deref())?;
        self.send_reset_code(&context, &input.username).await
    }

    /// `ConfirmForgotPassword`
    pub async fn confirm_forgot_password(&self, input: ConfirmForgotPassword) -> Result<(), IdentityError> {
        let context = self.client_anywhere(&input.client_id).await?;
        self.check_secret_hash(&context, &[&input.username], input.secret_hash.as_deref())?;
        self.reset_password(
            &context,
            &input.username,
            &input.confirmation_code,
            &input.password,
        )
        .await
    }

    /// Sends a code for a client that is known to be itself, or for its user on the hosted pages.
    pub(crate) async fn send_reset_code(
        &self,
        context: &ClientContext,
        username: &str,
    ) -> Result<CodeDelivery, IdentityError> {
        if !recovers_by_email(&context.pool) {
            return Err(IdentityError::not_authorized(
                "Contact administrator to reset password.",
            ));
        }
        match self.try_to_send_reset_code(context, username).await {
            Err(refused) if context.hides_existence() && refused.name() != "InternalErrorException" => {
                tracing::debug!("a reset code is only pretended: {refused}");
                self.pretended_delivery(context, username)
            }
            outcome => outcome,
        }
    }

    async fn try_to_send_reset_code(
        &self,
        context: &ClientContext,
        username: &str,
    ) -> Result<CodeDelivery, IdentityError> {
        let (scope, pool) = (&context.scope, &context.pool);
        let found = self.find_user(scope, pool, username).await?;
        let user = found.ok_or_else(no_such_user)?.value;
        check_enabled(&user)?;
        if user.user_status == UserStatus::ForceChangePassword {
            return Err(IdentityError::not_authorized(
                "User password cannot be reset in the current state.",
            ));
        }
        let Some(address) = verified_address(&user) else {
            return Err(IdentityError::invalid_parameter(
                "Cannot reset password for the user as there is no registered/verified email or phone_number",
            ));
        };
        let key = code_key(scope, pool, &user, Purpose::ForgotPassword);
        let before: Option<Versioned<SentCode>> = self.read(&key).await?;
        let purpose = Purpose::ForgotPassword;
        let (code, put) = self.new_code(scope, pool, &user, purpose, address, before.as_ref())?;
        self.store.commit(Batch::new().with(put)).await?;
        self.mail_code(pool, address, &code).await?;
        Ok(codes::masked(address))
    }

    /// Sets a new password for a client that is known to be itself, or for its user on the hosted pages.
    pub(crate) async fn reset_password(
        &self,
        context: &ClientContext,
        username: &str,
        code: &SecretText,
        password: &SecretText,
    ) -> Result<(), IdentityError> {
        let pool = &context.pool;
        // First what can be said of any name, so that a weak password does not spend the code.
        policy::check(&pool.password_policy, password)?;
        let (name, now) = (format!("code for {}", folded(pool, username)), self.clock.now());
        if let Err(locked) = self.lockout.check(&pool.id, &name, now) {
            let cause = locked.cause().unwrap_or_default().to_owned();
            return Err(codes::too_many_attempts().because(cause));
        }
        let outcome = self
            .try_to_reset_password(context, username, code, password)
            .await;
        match outcome {
            Ok(()) => {
                self.lockout.succeeded(&pool.id, &name);
                Ok(())
            }
            Err(refused) if is_about_the_code(&refused) => {
                self.lockout.failed(&pool.id, &name, self.clock.now());
                if context.hides_existence() {
                    return Err(codes::wrong_code().because(refused.to_string()));
                }
                Err(refused)
            }
            Err(refused) => Err(refused),
        }
    }

    async fn try_to_reset_password(
        &self,
        context: &ClientContext,
        username: &str,
        code: &SecretText,
        password: &SecretText,
    ) -> Result<(), IdentityError> {
        let (scope, pool) = (&context.scope, &context.pool);
        let found = self.find_user(scope, pool, username).await?;
        let found = found.ok_or_else(no_such_user)?;
        check_enabled(&found.value)?;
        let right = self
            .check_code(scope, pool, &found.value, Purpose::ForgotPassword, code)
            .await?;
        // The address that was proved must still be the user's: another one may have been set since.
        if found.value.attributes.get("email") != Some(&right.destination) {
            return Err(codes::expired_code().because("the user has another address now"));
        }
        let made = self.make_credentials(scope, pool, &found.value, password).await?;
        let expect = found.expect();
        let (mut user, now) = (found.value, self.clock.now());
        made.apply(&mut user);
        user.user_status = UserStatus::Confirmed;
        user.temporary_password_expires = None;
        user.signed_out_at = Some(now);
        user.user_last_modified_date = now;
        let mut batch = Batch::new().with(put_user(scope, pool, &user, expect)?);
        batch.append(right.spend);
        self.store.commit(batch).await.map_err(|error| match error {
            StoreError::Conflict { .. } => {
                codes::expired_code().because("the code or the user changed meanwhile")
            }
            error => error.into(),
        })?;
        self.end_all_tokens(scope, pool, &user, now).await
    }
}

/// Tells whether what was refused depends on the user or the code rather than on what anybody may know.
fn is_about_the_code(refused: &IdentityError) -> bool {
    matches!(
        refused.name(),
        "UserNotFoundException"
            | "NotAuthorizedException"
            | "CodeMismatchException"
            | "ExpiredCodeException"
            | "LimitExceededException"
    )
}

fn verified_address(user: &User) -> Option<&str> {
    let verified = user.attributes.get("email_verified").map(String::as_str) == Some("true");
    user.attributes
        .get("email")
        .filter(|_| verified)
        .map(String::as_str)
}

/// Tells whether `AccountRecoverySetting` lets users help themselves by e-mail. Text messages are not sent here, so
/// recovery by telephone alone leaves it to administrators.
pub(crate) fn recovers_by_email(pool: &UserPool) -> bool {
    let mechanisms = pool
        .settings
        .get("AccountRecoverySetting")
        .and_then(|setting| setting.get("RecoveryMechanisms"))
        .and_then(serde_json::Value::as_array);
    match mechanisms {
        None => true,
        Some(mechanisms) => mechanisms.iter().any(|mechanism| {
            mechanism.get("Name").and_then(serde_json::Value::as_str) == Some("verified_email")
        }),
    }
}
