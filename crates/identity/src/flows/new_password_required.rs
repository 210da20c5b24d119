//! `NEW_PASSWORD_REQUIRED`: a user with a temporary password sets one of their own, and attributes that are missing.
//!
//! The session is sealed and bound to the password that was checked, so the first answer that sets a new one spends it;
//! a new password that the policy refuses does not.

use std::collections::BTreeMap;

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::STANDARD};
use portcullis_model::{
    ClientId, SecretText, Timestamp,
    resources::cognito::{User, UserStatus},
};
use portcullis_store::Batch;
use serde::{Deserialize, Serialize};

use super::{AuthOutcome, Parameters, required, standing::check_enabled};
use crate::{
    Identity, IdentityError,
    directory::{
        attributes,
        users::{folded, put_user},
    },
    passwords::policy,
    records::ClientContext,
};

const SESSION_PURPOSE: &str = "cognito/new-password-session";
/// AWS's own bound on `Session`.
const SESSION_BYTES_MAX: usize = 4096;
const ATTRIBUTE_PREFIX: &str = "userAttributes.";

#[derive(Serialize, Deserialize)]
struct Session {
    client_id: ClientId,
    username: String,
    /// Of the sealed password.
    mark: String,
    expires: Timestamp,
}

impl Identity {
    pub(crate) fn new_password_challenge(
        &self,
        context: &ClientContext,
        user: &User,
    ) -> Result<AuthOutcome, IdentityError> {
        let minutes = i64::from(context.client.auth_session_validity);
        let session = Session {
            client_id: context.client.client_id.clone(),
            username: user.username.clone(),
            mark: mark(user),
            expires: self.clock.now().plus_seconds(minutes * 60),
        };
        let session = self
            .vault
            .seal_json(SESSION_PURPOSE, &session)
            .map_err(IdentityError::broken)?;
        // Both lists are JSON inside text, as on AWS.
        let json = |value: serde_json::Value| value.to_string();
        let missing = attributes::missing(&context.pool, user);
        let missing: Vec<String> = missing
            .into_iter()
            .map(|name| format!("{ATTRIBUTE_PREFIX}{name}"))
            .collect();
        let readable: BTreeMap<&String, &String> = user
            .attributes
            .iter()
            .filter(|(name, _)| attributes::is_readable(&context.client, name))
            .collect();
        Ok(AuthOutcome::Challenge {
            challenge_name: "NEW_PASSWORD_REQUIRED",
            session: Some(session),
            challenge_parameters: BTreeMap::from([
                ("USER_ID_FOR_SRP", user.username.clone()),
                ("requiredAttributes", json(serde_json::json!(missing))),
                ("userAttributes", json(serde_json::json!(readable))),
            ]),
        })
    }

    /// Answers `NEW_PASSWORD_REQUIRED`.
    pub(super) async fn set_new_password(
        &self,
        context: &ClientContext,
        session: Option<&SecretText>,
        responses: &Parameters,
    ) -> Result<AuthOutcome, IdentityError> {
        let username = required(responses, "USERNAME")?;
        let secret_hash = responses.get("SECRET_HASH").map(SecretText::expose);
        self.check_secret_hash(context, &[username], secret_hash)?;
        let (user, batch) = self.user_with_new_password(context, session, responses).await?;
        Ok(AuthOutcome::SignedIn(
            self.begin_family(context, &user, batch).await?,
        ))
    }

    /// Returns the user with the new password, and the write that makes it so: to be committed with what signs in.
    pub(crate) async fn user_with_new_password(
        &self,
        context: &ClientContext,
        session: Option<&SecretText>,
        responses: &Parameters,
    ) -> Result<(User, Batch), IdentityError> {
        let username = required(responses, "USERNAME")?;
        let password = SecretText::new(required(responses, "NEW_PASSWORD")?.to_owned());
        let session = self.unseal_session(context, session)?;
        let (scope, pool) = (&context.scope, &context.pool);
        let found = self.find_user(scope, pool, username).await?;
        let Some(found) =
            found.filter(|user| folded(pool, &user.value.username) == folded(pool, &session.username))
        else {
            return Err(bad_session("the session belongs to another user"));
        };
        if mark(&found.value) != session.mark || found.value.user_status != UserStatus::ForceChangePassword {
            return Err(IdentityError::not_authorized(
                "Invalid session for the user, session can only be used once.",
            )
            .because("the password was set since the challenge"));
        }
        check_enabled(&found.value)?;
        policy::check(&pool.password_policy, &password)?;
        let expect = found.expect();
        let mut user = found.value;
        let given = given_attributes(responses);
        attributes::check(pool, &given)?;
        attributes::check_writable(&context.client, &given)?;
        attributes::apply(&mut user, &given);
        if let Some(name) = attributes::missing(pool, &user).first() {
            return Err(IdentityError::invalid_parameter(format!(
                "Invalid attributes given, {name} is missing"
            )));
        }
        self.make_credentials(scope, pool, &user, &password)
            .await?
            .apply(&mut user);
        user.user_status = UserStatus::Confirmed;
        user.temporary_password_expires = None;
        user.user_last_modified_date = self.clock.now();
        // One commit: of two answers with the same session one finds another version of the user.
        let batch = Batch::new().with(put_user(scope, pool, &user, expect)?);
        Ok((user, batch))
    }

    fn unseal_session(
        &self,
        context: &ClientContext,
        session: Option<&SecretText>,
    ) -> Result<Session, IdentityError> {
        let Some(session) = session else {
            return Err(IdentityError::invalid_parameter(
                "Missing required parameter Session",
            ));
        };
        if session.expose().len() > SESSION_BYTES_MAX {
            return Err(bad_session("the session is too long"));
        }
        let session: Session = self
            .vault
            .unseal_json(SESSION_PURPOSE, session.expose())
            .map_err(|_| bad_session("the session is none of ours, or was changed"))?;
        if session.client_id != context.client.client_id {
            return Err(bad_session("the session belongs to another client"));
        }
        if self.clock.now() >= session.expires {
            return Err(IdentityError::not_authorized(
                "Invalid session for the user, session is expired.",
            ));
        }
        Ok(session)
    }
}

fn given_attributes(responses: &Parameters) -> Vec<(String, String)> {
    let attribute = |(name, value): (&String, &SecretText)| {
        let name = name.strip_prefix(ATTRIBUTE_PREFIX)?;
        Some((name.to_owned(), value.expose().to_owned()))
    };
    responses.iter().filter_map(attribute).collect()
}

fn bad_session(cause: &'static str) -> IdentityError {
    IdentityError::not_authorized("Invalid session for the user.").because(cause)
}

/// Returns what changes with the password.
pub(crate) fn mark(user: &User) -> String {
    let sealed = user.sealed_password.as_deref().unwrap_or_default();
    STANDARD.encode(digest::digest(&digest::SHA256, sealed.as_bytes()))
}
