//! Codes by mail: six digits, good for 24 hours (sign-up) or one (forgotten password), for one use and for few attempts.
//!
//! AWS's quotas: 15 attempts and 5 mails an hour per user. An attempt is counted, durably, before it is compared.

use portcullis_model::{
    Scope, SecretText, Timestamp,
    resources::cognito::{User, UserPool},
};
use portcullis_store::{Batch, Expect, Put, RecordKey, StoreError, kinds, typed::Versioned};
use serde::{Deserialize, Serialize};

use crate::{Identity, IdentityError, directory::users::folded, records::inside};

/// Where a code went, masked: `e***@e***`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeDelivery {
    pub destination: String,
    /// `EMAIL`
    pub delivery_medium: &'static str,
    /// `email`
    pub attribute_name: &'static str,
}

const DIGITS: usize = 6;
const ATTEMPTS_PER_HOUR_MAX: u32 = 15;
const MAILS_PER_HOUR_MAX: u32 = 5;
const HOUR_SECONDS: i64 = 3600;

/// What a code is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Purpose {
    SignUp,
    ForgotPassword,
}

impl Purpose {
    const fn name(self) -> &'static str {
        match self {
            Self::SignUp => "sign-up",
            Self::ForgotPassword => "forgot-password",
        }
    }

    const fn lifetime_seconds(self) -> i64 {
        match self {
            Self::SignUp => 24 * HOUR_SECONDS,
            Self::ForgotPassword => HOUR_SECONDS,
        }
    }
}

/// A code that was sent.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct SentCode {
    sealed_code: String,
    /// The address that the code proves.
    pub(crate) destination: String,
    expires: Timestamp,
    attempts: Counter,
    mails: Counter,
}

/// Events within an hour.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Counter {
    count: u32,
    since: Timestamp,
}

impl Counter {
    fn add(&mut self, now: Timestamp, max: u32) -> Result<(), IdentityError> {
        if now >= self.since.plus_seconds(HOUR_SECONDS) {
            *self = Self { count: 0, since: now };
        }
        if self.count >= max {
            return Err(too_many_attempts());
        }
        self.count += 1;
        Ok(())
    }
}

/// A code that was right, and what must be deleted for it to be spent.
pub(crate) struct RightCode {
    pub(crate) destination: String,
    pub(crate) spend: Batch,
}

/// Returns an address with all but its first letters hidden.
pub(crate) fn masked(email: &str) -> CodeDelivery {
    let (name, host) = email.split_once('@').unwrap_or((email, ""));
    let first = |text: &str| text.chars().next().map(String::from).unwrap_or_default();
    CodeDelivery {
        destination: format!("{}***@{}***", first(name), first(host)),
        delivery_medium: "EMAIL",
        attribute_name: "email",
    }
}

/// Returns the address that a new user proves: the e-mail address, where the pool verifies it.
pub(crate) fn address_to_verify<'a>(pool: &UserPool, user: &'a User) -> Option<&'a str> {
    let verifies = pool.auto_verified_attributes.iter().any(|name| name == "email");
    user.attributes
        .get("email")
        .filter(|_| verifies)
        .map(String::as_str)
}

/// Returns the key of a user's code.
pub(crate) fn code_key(scope: &Scope, pool: &UserPool, user: &User, purpose: Purpose) -> RecordKey {
    let id = format!("{}/{}", folded(pool, &user.username), purpose.name());
    RecordKey::new(scope, kinds::CODE, inside(&pool.id, &id))
}

impl Identity {
    /// Returns a new code and the write that makes it good; `before` is the one that it replaces.
    pub(crate) fn new_code(
        &self,
        scope: &Scope,
        pool: &UserPool,
        user: &User,
        purpose: Purpose,
        destination: &str,
        before: Option<&Versioned<SentCode>>,
    ) -> Result<(SecretText, Put), IdentityError> {
        let now = self.clock.now();
        let code = SecretText::new(self.entropy.digits(DIGITS));
        let expires = now.plus_seconds(purpose.lifetime_seconds());
        let mut sent = SentCode {
            sealed_code: self.seal_text(&sealing(pool, user, purpose), &code)?,
            destination: destination.to_owned(),
            expires,
            attempts: before.map(|before| before.value.attempts).unwrap_or_default(),
            mails: before.map(|before| before.value.mails).unwrap_or_default(),
        };
        sent.mails.add(now, MAILS_PER_HOUR_MAX)?;
        let expect = before.map_or(Expect::Anything, Versioned::expect);
        let put = Put::json(code_key(scope, pool, user, purpose), &sent, expect)?.expires(expires);
        Ok((code, put))
    }

    /// Checks a code that was typed in.
    pub(crate) async fn check_code(
        &self,
        scope: &Scope,
        pool: &UserPool,
        user: &User,
        purpose: Purpose,
        typed: &SecretText,
    ) -> Result<RightCode, IdentityError> {
        let key = code_key(scope, pool, user, purpose);
        let now = self.clock.now();
        let Some(found) = self
            .read::<SentCode>(&key)
            .await?
            .filter(|sent| now < sent.value.expires)
        else {
            return Err(expired_code().because("there is no code, or it is too old"));
        };
        let expect = found.expect();
        let mut sent = found.value;
        sent.attempts.add(now, ATTEMPTS_PER_HOUR_MAX)?;
        let count = Put::json(key.clone(), &sent, expect)?.expires(sent.expires);
        let counted = self
            .store
            .commit(Batch::new().with(count))
            .await
            .map_err(|error| match error {
                StoreError::Conflict { .. } => IdentityError::too_many_requests("Too many requests")
                    .because("another attempt is under way"),
                error => error.into(),
            })?;
        let kept = self
            .vault
            .unseal_text(&sealing(pool, user, purpose), &sent.sealed_code)
            .map_err(IdentityError::broken)?;
        if kept != *typed {
            return Err(wrong_code());
        }
        let version = counted
            .versions
            .first()
            .copied()
            .map_or(Expect::Anything, Expect::Version);
        Ok(RightCode {
            destination: sent.destination,
            spend: Batch::new().delete(key, version),
        })
    }
}

/// Returns AWS's answer when there is no code to compare with.
pub(crate) fn expired_code() -> IdentityError {
    IdentityError::expired_code("Invalid code provided, please request a code again.")
}

/// Returns AWS's answer to a code that is another.
pub(crate) fn wrong_code() -> IdentityError {
    IdentityError::code_mismatch("Invalid verification code provided, please try again.")
}

/// Returns AWS's answer to too many codes asked for or tried.
pub(crate) fn too_many_attempts() -> IdentityError {
    IdentityError::limit_exceeded("Attempt limit exceeded, please try after some time.")
}

fn sealing(pool: &UserPool, user: &User, purpose: Purpose) -> String {
    format!("cognito/user/{}/{}/{}-code", pool.id, user.sub, purpose.name())
}
