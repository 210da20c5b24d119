//! `AdminCreateUser`: a user with a temporary password, invited by mail or in silence.
//!
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminCreateUser.html>. The medium
//! that AWS takes when none is named is SMS; nothing here sends text messages, so ours is e-mail, for users who have one.

use portcullis_model::{
    Scope, SecretText, Timestamp,
    resources::cognito::{User, UserPool, UserStatus},
};
use portcullis_store::Batch;

use crate::{
    Identity, IdentityError,
    directory::{UserDescription, attributes, users},
    passwords::{policy, temporary},
};

/// What `AdminCreateUser` takes.
#[derive(Clone, Default)]
pub struct AdminCreateUser {
    pub user_pool_id: String,
    pub username: String,
    pub user_attributes: Vec<(String, String)>,
    /// Generated when not given.
    pub temporary_password: Option<SecretText>,
    /// Takes an address that another user has verified.
    pub force_alias_creation: bool,
    pub message_action: Option<MessageAction>,
    /// `EMAIL`; `SMS` is refused.
    pub desired_delivery_mediums: Vec<String>,
}

/// Whether the invitation is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageAction {
    /// Sends it again, with a new temporary password, to a user who exists.
    Resend,
    /// Sends nothing.
    Suppress,
}

impl Identity {
    /// `AdminCreateUser`
    pub async fn admin_create_user(
        &self,
        scope: &Scope,
        input: AdminCreateUser,
    ) -> Result<UserDescription, IdentityError> {
        let pool = self.pool(scope, &input.user_pool_id).await?.value;
        if input
            .desired_delivery_mediums
            .iter()
            .any(|medium| medium != "EMAIL")
        {
            return Err(IdentityError::invalid_parameter(
                "DesiredDeliveryMediums other than `EMAIL` are not supported yet: nothing here sends text messages",
            ));
        }
        let password = match &input.temporary_password {
            Some(given) => {
                policy::check(&pool.password_policy, given)?;
                given.clone()
            }
            None => temporary::generate(&pool.password_policy, self.entropy.as_ref()),
        };
        if input.message_action == Some(MessageAction::Resend) {
            return self.resend_invitation(scope, &pool, &input, &password).await;
        }
        let user = self.create_invited(scope, &pool, &input, &password).await?;
        if input.message_action.is_none() {
            self.invite(&pool, &user, &password).await?;
        }
        Ok(users::describe(&user))
    }

    async fn create_invited(
        &self,
        scope: &Scope,
        pool: &UserPool,
        input: &AdminCreateUser,
        password: &SecretText,
    ) -> Result<User, IdentityError> {
        users::check_username(pool, &input.username)?;
        attributes::check(pool, &input.user_attributes)?;
        // Required attributes may be missing: the first sign-in asks for them.
        let status = UserStatus::ForceChangePassword;
        let mut user = self.new_user(pool, &input.username, &input.user_attributes, status);
        if self.find_user(scope, pool, &input.username).await?.is_some() {
            return Err(IdentityError::username_exists("User account already exists"));
        }
        if input.force_alias_creation {
            self.take_aliases(scope, pool, &user).await?;
        }
        self.make_credentials(scope, pool, &user, password)
            .await?
            .apply(&mut user);
        user.temporary_password_expires = Some(temporary_until(pool, self.clock.now()));
        self.commit_new_user(scope, pool, &user, Batch::new()).await?;
        Ok(user)
    }

    async fn resend_invitation(
        &self,
        scope: &Scope,
        pool: &UserPool,
        input: &AdminCreateUser,
        password: &SecretText,
    ) -> Result<UserDescription, IdentityError> {
        let found = self.user(scope, pool, &input.username).await?.value;
        let made = self.make_credentials(scope, pool, &found, password).await?;
        let until = temporary_until(pool, self.clock.now());
        let user = self
            .change_user(scope, pool, &found.username, |user| {
                if user.user_status != UserStatus::ForceChangePassword {
                    return Err(IdentityError::unsupported_user_state(format!(
                        "Resend not possible. {} status is not FORCE_CHANGE_PASSWORD",
                        input.username
                    )));
                }
                user.sealed_password = Some(made.sealed_password.clone());
                user.sealed_srp_verifier.clone_from(&made.sealed_srp_verifier);
                user.temporary_password_expires = Some(until);
                Ok(())
            })
            .await?;
        self.invite(pool, &user, password).await?;
        Ok(users::describe(&user))
    }

    async fn invite(&self, pool: &UserPool, user: &User, password: &SecretText) -> Result<(), IdentityError> {
        match user.attributes.get("email") {
            Some(address) => self.mail_invitation(pool, user, address, password).await,
            None => Ok(()),
        }
    }
}

/// Returns when a temporary password set now ends. The policy's days count; where it leaves AWS's default, the older
/// `UnusedAccountValidityDays` does, when it is there.
pub(super) fn temporary_until(pool: &UserPool, now: Timestamp) -> Timestamp {
    let days = pool.password_policy.temporary_password_validity_days;
    let older = pool
        .settings
        .get("AdminCreateUserConfig")
        .and_then(|config| config.get("UnusedAccountValidityDays"));
    let older = older
        .and_then(serde_json::Value::as_u64)
        .and_then(|days| u32::try_from(days).ok());
    let days = match older {
        Some(older) if days == 7 && (1..=365).contains(&older) => older,
        _ => days,
    };
    now.plus_seconds(i64::from(days) * 86_400)
}
