//! Passwords: what they must be, how they are kept, how guessing is slowed down.
//!
//! Kept are an Argon2id hash and, where a client of the pool allows SRP, an SRP verifier; both sealed. The
//! verifier is made when a password is set. When a client that allows SRP comes later, a user gets a verifier at
//! the next sign-in with a password or the next time one is set; until then SRP refuses that user.

pub(crate) mod argon2id;
pub(crate) mod credentials;
pub(crate) mod lockout;
pub(crate) mod policy;
pub(crate) mod temporary;
pub(crate) mod workers;
