//! Hashes by which a secret is found without being kept: HMAC-SHA256 (RFC 2104) under a key per purpose. Who reads the
//! store learns nothing from them without the root key.

use aws_lc_rs::hmac;

/// The length of a hash.
pub const KEYED_HASH_BYTES: usize = 32;

/// A hash for one purpose, its key ready. Cheap to clone.
#[derive(Clone)]
pub struct KeyedHash(hmac::Key);

impl KeyedHash {
    pub(crate) fn new(key: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    /// Returns the hash of `parts`. Their borders count: `["ab", "c"]` and `["a", "bc"]` differ.
    pub fn of(&self, parts: &[&[u8]]) -> [u8; KEYED_HASH_BYTES] {
        let mut context = hmac::Context::with_key(&self.0);
        for part in parts {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part);
        }
        let mut hash = [0; KEYED_HASH_BYTES];
        for (byte, made) in hash.iter_mut().zip(context.sign().as_ref()) {
            *byte = *made;
        }
        hash
    }
}
