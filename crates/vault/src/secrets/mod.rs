//! Secrets as AWS Secrets Manager keeps them: versions under staging labels, values sealed, deletion with a window.
//!
//! A value is sealed for its secret's ARN, its version and its kind; the record beside it holds names, labels and
//! dates only. What it does not answer: who may read (that is admission's) and rotation.
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/Welcome.html>

mod deletion;
mod error;
pub mod labels;
mod name;
mod password;
mod read;
mod record;
mod settings;
#[cfg(test)]
mod tests;
mod write;

use portcullis_model::{Clock, Entropy, Scope};
use portcullis_store::Store;

pub use deletion::Deletion;
pub use error::SecretsError;
pub use password::{PASSWORD_LENGTH_DEFAULT, PASSWORD_LENGTH_MAX, PasswordRules, random_password};
pub use read::{Opened, Wanted};
pub use record::{Secret, SecretValue, Version};
pub use settings::TAGS_MAX;
pub use write::{NewSecret, NewValue, NewVersion, SecretChange, Written};

use crate::Vault;

/// Bytes of a secret's value.
pub const VALUE_BYTES_MAX: usize = 65_536;
/// Staging labels over all versions of a secret.
pub const LABELS_MAX: usize = 20;
/// Versions of a secret.
pub const VERSIONS_MAX: usize = 100;

/// The secrets of one account and region.
#[derive(Clone, Copy)]
pub struct Secrets<'a> {
    pub store: &'a dyn Store,
    pub vault: &'a Vault,
    pub clock: &'a dyn Clock,
    pub entropy: &'a dyn Entropy,
    pub scope: &'a Scope,
}
