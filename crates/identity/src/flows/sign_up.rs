//! `SignUp`: a stranger becomes an unconfirmed user, and proves the address with a code.
//!
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_SignUp.html>

use std::collections::BTreeMap;

use portcullis_model::{
    SecretText, Timestamp, UserSub,
    resources::cognito::{User, UserPool, UserStatus},
};
use portcullis_store::Batch;

use super::{CodeDelivery, codes};
use crate::{
    Identity, IdentityError,
    directory::{attributes, users},
    passwords::policy,
    records::ClientContext,
};

/// What `SignUp` takes.
#[derive(Clone)]
pub struct SignUp {
    pub client_id: String,
    pub secret_hash: Option<String>,
    pub username: String,
    pub password: SecretText,
    pub user_attributes: Vec<(String, String)>,
}

/// What `SignUp` answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignUpAnswer {
    /// Always false: there is no trigger yet that confirms.
    pub user_confirmed: bool,
    pub user_sub: UserSub,
    pub code_delivery: Option<CodeDelivery>,
}

impl Identity {
    /// `SignUp`
    pub async fn sign_up(&self, input: SignUp) -> Result<SignUpAnswer, IdentityError> {
        let context = self.client_anywhere(&input.client_id).await?;
        self.check_secret_hash(&context, &[&input.username], input.secret_hash.as_deref())?;
        self.register(&context, input).await
    }

    /// Signs a user up for a client that is known to be itself, or on the hosted pages.
    pub(crate) async fn register(
        &self,
        context: &ClientContext,
        input: SignUp,
    ) -> Result<SignUpAnswer, IdentityError> {
        let (scope, pool) = (&context.scope, &context.pool);
        if pool.allow_admin_create_user_only {
            return Err(IdentityError::not_authorized(
                "SignUp is not permitted for this user pool",
            ));
        }
        users::check_username(pool, &input.username)?;
        policy::check(&pool.password_policy, &input.password)?;
        attributes::check(pool, &input.user_attributes)?;
        attributes::check_writable(&context.client, &input.user_attributes)?;
        let mut user = self.new_user(
            pool,
            &input.username,
            &input.user_attributes,
            UserStatus::Unconfirmed,
        );
        attributes::check_required(pool, &user)?;
        if pool.default_email_option == "CONFIRM_WITH_LINK" && codes::address_to_verify(pool, &user).is_some()
        {
            self.check_link_has_somewhere_to_lead(pool)?;
        }
        // Before the password is hashed: a taken name costs nothing.
        self.check_name_is_free(&context.scope, pool, &input.username)
            .await?;
        self.make_credentials(scope, pool, &user, &input.password)
            .await?
            .apply(&mut user);
        let address = codes::address_to_verify(pool, &user).map(str::to_owned);
        let mut code = None;
        let mut batch = Batch::new();
        if let Some(address) = &address {
            let purpose = codes::Purpose::SignUp;
            let (fresh, put) = self.new_code(scope, pool, &user, purpose, address, None)?;
            batch = batch.with(put);
            code = Some(fresh);
        }
        self.commit_new_user(scope, pool, &user, batch).await?;
        if let (Some(address), Some(code)) = (&address, &code) {
            self.mail_confirmation(context, &user, address, code).await?;
        }
        Ok(SignUpAnswer {
            user_confirmed: false,
            user_sub: user.sub,
            code_delivery: address.as_deref().map(codes::masked),
        })
    }

    pub(super) async fn check_name_is_free(
        &self,
        scope: &portcullis_model::Scope,
        pool: &UserPool,
        username: &str,
    ) -> Result<(), IdentityError> {
        if self.find_user(scope, pool, username).await?.is_none() {
            return Ok(());
        }
        Err(match users::username_attribute(pool, username) {
            Some(name) => {
                IdentityError::username_exists(format!("An account with the given {name} already exists."))
            }
            None => IdentityError::username_exists("User already exists"),
        })
    }

    /// Returns a user who is not kept yet. In pools whose usernames are addresses, the address becomes an attribute.
    pub(super) fn new_user(
        &self,
        pool: &UserPool,
        username: &str,
        attributes: &[(String, String)],
        user_status: UserStatus,
    ) -> User {
        let now: Timestamp = self.clock.now();
        let sub = UserSub::from(self.entropy.uuid());
        let address = users::username_attribute(pool, username);
        let mut user = User {
            user_pool_id: pool.id.clone(),
            username: if address.is_some() {
                sub.to_string()
            } else {
                username.to_owned()
            },
            sub,
            enabled: true,
            user_status,
            user_create_date: now,
            user_last_modified_date: now,
            attributes: BTreeMap::new(),
            groups: Vec::new(),
            sealed_password: None,
            sealed_srp_verifier: None,
            temporary_password_expires: None,
            signed_out_at: None,
        };
        attributes::apply(&mut user, attributes);
        if let Some(name) = address
            && user.attributes.get(name).is_none_or(|given| given != username)
        {
            attributes::apply(&mut user, &[(name.to_owned(), username.to_owned())]);
        }
        user
    }
}
