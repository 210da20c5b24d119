//! A set of keys as an issuer publishes it: RFC 7517 section 5. Keys that we do not understand are left out of it,
//! with the reason, as the section asks; the others stay usable.

use std::collections::HashMap;

use serde_json::Value;

use super::{JwkError, JwksError, VerifyingKey};
use crate::strict_json;

/// The most keys in a set.
pub const JWKS_KEYS_MAX: usize = 100;
/// The longest set, in bytes: API Gateway's limit for an issuer's answer.
pub const JWKS_BYTES_MAX: usize = 150_000;

/// The most keys of a set that are prepared, so that no set takes the room of all others.
pub const JWKS_PREPARED_MAX: usize = 4;

/// A set of keys made ready.
#[derive(Clone, Debug, Default)]
pub struct Jwks {
    keys: Vec<VerifyingKey>,
    by_kid: HashMap<String, usize>,
    left_out: Vec<(usize, JwkError)>,
}

impl Jwks {
    /// Reads a set of keys.
    pub fn parse(bytes: &[u8]) -> Result<Self, JwksError> {
        if bytes.len() > JWKS_BYTES_MAX {
            return Err(JwksError::TooLong);
        }
        let object = strict_json::parse_object(bytes).ok_or(JwksError::NotAKeySet)?;
        let Some(Value::Array(values)) = object.get("keys") else {
            return Err(JwksError::NotAKeySet);
        };
        if values.len() > JWKS_KEYS_MAX {
            return Err(JwksError::TooManyKeys);
        }
        Ok(Self::from_values(values))
    }

    fn from_values(values: &[Value]) -> Self {
        // Two keys with one id are ambiguous, even when we understand only one of them: neither is taken.
        let mut uses: HashMap<&str, usize> = HashMap::new();
        for kid in values.iter().filter_map(|value| value.get("kid")?.as_str()) {
            *uses.entry(kid).or_default() += 1;
        }
        let mut set = Self::default();
        for (index, value) in values.iter().enumerate() {
            match VerifyingKey::from_jwk_value(value) {
                Ok(key) => match key.kid() {
                    Some(kid) if uses.get(kid).is_some_and(|count| *count > 1) => {
                        set.left_out.push((index, JwkError::DuplicateKid));
                    }
                    kid => {
                        if let Some(kid) = kid {
                            set.by_kid.insert(kid.to_owned(), set.keys.len());
                        }
                        set.keys.push(key);
                    }
                },
                Err(reason) => set.left_out.push((index, reason)),
            }
        }
        set
    }

    /// Returns the key with the id `kid`.
    pub fn find(&self, kid: &str) -> Option<&VerifyingKey> {
        self.keys.get(*self.by_kid.get(kid)?)
    }

    /// Returns every usable key, in order.
    pub fn keys(&self) -> &[VerifyingKey] {
        &self.keys
    }

    /// Prepares the first keys that can be, for many signatures to come: [`JWKS_PREPARED_MAX`] of them. Takes milliseconds for
    /// each.
    pub fn prepare(&self) {
        let prepared = self.keys.iter().filter(|key| key.prepare());
        let _count = prepared.take(JWKS_PREPARED_MAX).count();
    }

    /// Returns the keys that were left out: their place in the set and why.
    pub fn left_out(&self) -> &[(usize, JwkError)] {
        &self.left_out
    }
}
