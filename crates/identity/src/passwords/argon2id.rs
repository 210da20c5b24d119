//! Argon2id, RFC 9106, with the parameters that OWASP names first: 19 MiB, two passes, one lane.
//!
//! A hash is written in the PHC string form, so that parameters can change later without a migration.

use argon2::{Algorithm, Argon2, Params, Version};
use base64::{Engine, engine::general_purpose::STANDARD_NO_PAD};
use subtle::ConstantTimeEq;

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
const HASH_BYTES: usize = 32;
/// Most memory that a stored hash may ask for; the store is ours, but a limit costs nothing.
const MEMORY_KIB_MAX: u32 = 64 * 1024;

/// Why nothing was computed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum HashError {
    #[error("stored password hash cannot be read")]
    Unreadable,
    #[error("argon2 failed: {0}")]
    Failed(String),
}

/// Returns the hash of `password` as a PHC string.
pub(crate) fn hash(password: &str, salt: [u8; 16]) -> Result<String, HashError> {
    let hash = compute(password, &salt, MEMORY_KIB, PASSES, LANES)?;
    Ok(format!(
        "$argon2id$v=19$m={MEMORY_KIB},t={PASSES},p={LANES}${}${}",
        STANDARD_NO_PAD.encode(salt),
        STANDARD_NO_PAD.encode(hash)
    ))
}

/// Tells whether `password` is the one that `stored` was made from.
pub(crate) fn verify(password: &str, stored: &str) -> Result<bool, HashError> {
    let mut parts = stored.split('$');
    let (Some(""), Some("argon2id"), Some("v=19"), Some(costs), Some(salt), Some(hash), None) = (
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
        parts.next(),
    ) else {
        return Err(HashError::Unreadable);
    };
    let mut costs = costs.split(',');
    let mut cost = |name: &str| -> Result<u32, HashError> {
        costs
            .next()
            .and_then(|cost| cost.strip_prefix(name))
            .and_then(|cost| cost.parse().ok())
            .ok_or(HashError::Unreadable)
    };
    let (memory, passes, lanes) = (cost("m=")?, cost("t=")?, cost("p=")?);
    if memory > MEMORY_KIB_MAX {
        return Err(HashError::Unreadable);
    }
    let salt = STANDARD_NO_PAD.decode(salt).map_err(|_| HashError::Unreadable)?;
    let expected = STANDARD_NO_PAD.decode(hash).map_err(|_| HashError::Unreadable)?;
    let found = compute(password, &salt, memory, passes, lanes)?;
    Ok(found.ct_eq(expected.as_slice()).into())
}

fn compute(
    password: &str,
    salt: &[u8],
    memory: u32,
    passes: u32,
    lanes: u32,
) -> Result<[u8; HASH_BYTES], HashError> {
    let failed = |cause: argon2::Error| HashError::Failed(cause.to_string());
    let parameters = Params::new(memory, passes, lanes, Some(HASH_BYTES)).map_err(failed)?;
    let mut hash = [0u8; HASH_BYTES];
    Argon2::new(Algorithm::Argon2id, Version::V0x13, parameters)
        .hash_password_into(password.as_bytes(), salt, &mut hash)
        .map_err(failed)?;
    Ok(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_password_verifies() {
        let stored = hash("correct horse", [7; 16]).unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{stored}");
        assert!(verify("correct horse", &stored).unwrap());
        assert!(!verify("correct horsf", &stored).unwrap());
    }

    #[test]
    fn damaged_hash_is_an_error_and_no_match() {
        assert!(verify("x", "$argon2id$v=19$m=19456,t=2$a$b").is_err());
        assert!(verify("x", "").is_err());
        assert!(verify("x", "$argon2id$v=19$m=99999999,t=2,p=1$AAAA$AAAA").is_err());
    }
}
