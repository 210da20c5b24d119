//! What functions ask of the outside: the credentials of their roles, and a place for what they print. `server` fills it in.

use std::{future::Future, pin::Pin, sync::Arc};

use portcullis_model::{SecretText, Timestamp};

/// Temporary credentials of a function's role.
#[derive(Clone)]
pub struct RoleCredentials {
    pub access_key_id: String,
    pub secret: SecretText,
    pub session_token: SecretText,
    pub expires: Timestamp,
}

/// Credentials, some time later; or why there are none.
pub type Granted<'a> = Pin<Box<dyn Future<Output = Result<RoleCredentials, String>> + Send + 'a>>;

/// Gives functions the credentials of their roles.
pub trait Roles: Send + Sync {
    /// Returns new credentials of the role, if it trusts functions.
    fn credentials<'a>(&'a self, function_arn: &'a str, role_arn: &'a str) -> Granted<'a>;
}

/// Keeps what functions print.
pub trait Logs: Send + Sync {
    /// Writes whole lines of a function, without the end of the last. Never waits.
    fn write(&self, function: &Arc<str>, lines: Vec<u8>);
}
