//! Is this token signed by that key, and what does it claim? Compact JWS only, detached ones
//! included (RFC 7515, 7517, 7518, 7519, 8037).
//!
//! It knows no issuers, audiences or caches: whoever calls decides which key fits and which claims are wanted.
//! `none` and the symmetric algorithms are never offered, so no header can ask for them.

mod algorithm;
mod base64url;
mod claims;
mod compact;
mod detached;
mod error;
mod jwk;
mod jwks;
mod p256_tables;
mod rsa_der;
mod rsa_weakness;
mod signing_key;
mod verifying_key;
#[cfg(test)]
mod tests;

pub use algorithm::Algorithm;
pub use claims::Claims;
pub use compact::{Compact, HEADER_BYTES_MAX, Header, TOKEN_BYTES_MAX};
pub use detached::Detached;
pub use error::{JwkError, JwksError, JwtError, SigningKeyError};
pub use jwk::Jwk;
pub use jwks::{JWKS_BYTES_MAX, JWKS_KEYS_MAX, JWKS_PREPARED_MAX, Jwks};
pub use p256_tables::TABLES_MAX;
pub use signing_key::RsaSigningKey;
pub use verifying_key::VerifyingKey;
