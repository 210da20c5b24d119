//! A browser that is signed in on a domain: an opaque cookie, and a record by its hash. It lasts an hour from the
//! sign-in, and ends at once with a sign-out, a new password, a disabled or deleted user.

use portcullis_model::{
    SecretText, Timestamp, UserSub,
    resources::cognito::{User, UserStatus},
};
use portcullis_store::{Batch, Expect, Put, RecordKey, kinds};
use serde::{Deserialize, Serialize};

use super::{
    cookies::{SESSION_SECONDS, token_hash},
    domain::Visit,
};
use crate::{IdentityError, flows::new_password_required::mark, records::inside};

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct BrowserSession {
    sub: UserSub,
    username: String,
    auth_time: Timestamp,
    expires: Timestamp,
    /// Of the sealed password.
    mark: String,
}

/// Who is signed in, and since when.
pub(super) struct SignedIn {
    pub(super) user: User,
    pub(super) auth_time: Timestamp,
}

impl Visit<'_> {
    fn session_key(&self, secret: &SecretText) -> RecordKey {
        let id = inside(&self.pool.id, &token_hash(secret));
        RecordKey::new(&self.scope, kinds::BROWSER_SESSION, id)
    }

    /// Returns a new session, and the write that makes it good. The browser's old one ends with it.
    pub(super) fn new_session(
        &self,
        user: &User,
        now: Timestamp,
    ) -> Result<(SecretText, Batch), IdentityError> {
        let secret = self.random_token();
        let expires = now.plus_seconds(SESSION_SECONDS);
        let session = BrowserSession {
            sub: user.sub.clone(),
            username: user.username.clone(),
            auth_time: now,
            expires,
            mark: mark(user),
        };
        let put = Put::json(self.session_key(&secret), &session, Expect::Absent)?.expires(expires);
        let mut batch = Batch::new().with(put);
        if let Some(old) = self.session_cookie() {
            batch = batch.delete(self.session_key(&old), Expect::Anything);
        }
        Ok((secret, batch))
    }

    /// Returns who is signed in on this browser.
    pub(super) async fn signed_in(&self) -> Result<Option<SignedIn>, IdentityError> {
        let identity = self.identity;
        let Some(secret) = self.session_cookie() else {
            return Ok(None);
        };
        let found = identity
            .read::<BrowserSession>(&self.session_key(&secret))
            .await?;
        let Some(session) = found.map(|found| found.value) else {
            return Ok(None);
        };
        if identity.clock.now() >= session.expires {
            return Ok(None);
        }
        let found = identity
            .find_user(&self.scope, &self.pool, &session.username)
            .await?;
        let user = found.map(|found| found.value).filter(|user| {
            user.sub == session.sub
                && user.enabled
                && user.user_status == UserStatus::Confirmed
                && mark(user) == session.mark
                && user.signed_out_at.is_none_or(|at| session.auth_time >= at)
        });
        Ok(user.map(|user| SignedIn {
            user,
            auth_time: session.auth_time,
        }))
    }

    /// Ends the browser's session.
    pub(super) async fn end_session(&self) -> Result<(), IdentityError> {
        if let Some(secret) = self.session_cookie() {
            let batch = Batch::new().delete(self.session_key(&secret), Expect::Anything);
            self.identity.store.commit(batch).await?;
        }
        Ok(())
    }
}
