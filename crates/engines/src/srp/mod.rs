//! Does the caller know the password, without sending it? Secure Remote Password as Amazon Cognito speaks it
//! (`USER_SRP_AUTH`, `DEVICE_SRP_AUTH`): group and numbers of RFC 5054, Cognito's own key derivation and proof.
//!
//! It keeps no sessions: a [`ServerExchange`] becomes bytes that the caller seals into `SECRET_BLOCK`. That a
//! secret block is used once, and that a timestamp is fresh, is the caller's to check.

mod client;
mod group;
mod hexadecimal;
mod secret_hash;
mod server;
mod session_key;
mod timestamp;
mod verifier;
#[cfg(test)]
mod tests;

pub use client::ClientExchange;
pub use secret_hash::secret_hash;
pub use server::ServerExchange;
pub use timestamp::{format_timestamp, parse_timestamp};
pub use verifier::{SALT_BYTES_MAX, Verifier, random_salt};

/// Why an exchange is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SrpError {
    #[error("the public value is not 1 to 768 hexadecimal digits")]
    MalformedPublicValue,
    #[error("the public value is not between 1 and the group's prime")]
    PublicValueOutOfRange,
    #[error("the salt is not 1 to {} bytes", SALT_BYTES_MAX)]
    MalformedSalt,
    #[error("the verifier is not a number between 1 and the group's prime")]
    MalformedVerifier,
    #[error("the sealed exchange is malformed")]
    MalformedExchange,
    #[error("the claim's signature does not match: wrong password, or another exchange")]
    WrongClaim,
}
