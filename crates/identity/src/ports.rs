//! What identity asks of the outside: somebody who sends mail, and a gateway that hears of sign-outs at once.

use std::{future::Future, pin::Pin};

use portcullis_model::{Timestamp, UserPoolId, UserSub};

/// A mail to a user. Its text may hold a code or a temporary password: never log it.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// The pool that writes.
    pub user_pool_id: UserPoolId,
    /// One address.
    pub to: String,
    pub subject: String,
    /// HTML, as Cognito's own mail.
    pub html: String,
}

/// Why a mail was not sent.
#[derive(Debug, thiserror::Error)]
#[error("mail was not sent: {0}")]
pub struct MailError(pub String);

/// Sends mail.
pub trait Mail: Send + Sync {
    /// Sends a message, or says why not.
    fn send(&self, message: Message) -> Pin<Box<dyn Future<Output = Result<(), MailError>> + Send + '_>>;
}

/// Hears which tokens stopped being good, before the operation that ended them answers.
///
/// A token is refused when its `origin_jti` is a revoked family, or when its `iat` lies before the sign-out of its
/// `sub`. `iat` counts whole seconds, so `before` is a whole second too; what was issued earlier in the second of the
/// sign-out is told apart by its family: every family that the user had is revoked beside the sign-out, and a sign-in
/// right after it starts a new one.
pub trait SignOuts: Send + Sync {
    /// Refuses every token with this `origin_jti` until `until`, when the last of them has expired.
    fn revoke_family(&self, pool: &UserPoolId, origin_jti: &str, until: Timestamp);

    /// Refuses tokens of `sub` whose `iat` is less than `before`, until `until`.
    fn sign_out(&self, pool: &UserPoolId, sub: &UserSub, before: Timestamp, until: Timestamp);
}
