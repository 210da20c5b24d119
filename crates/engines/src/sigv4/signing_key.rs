//! The key of one day, region and service, derived from a secret, and the signature made with it.
//! Deriving costs more than signing, so it may be kept.

use aws_lc_rs::hmac::{HMAC_SHA256, Key, Tag, sign};
use portcullis_model::{SecretText, Timestamp};
use zeroize::Zeroizing;

use super::{ALGORITHM, TERMINATOR, date::format_date, hexadecimal};

/// A derived key. Cheap to clone and to share.
#[derive(Clone)]
pub struct SigningKey(Key);

impl SigningKey {
    /// Derives the key of `secret` for `day` (`YYYYMMDD`), `region` and `service`.
    pub fn derive(secret: &SecretText, day: &str, region: &str, service: &str) -> Self {
        let seed = Zeroizing::new(format!("AWS4{}", secret.expose()));
        let mut key = Key::new(HMAC_SHA256, seed.as_bytes());
        for part in [day, region, service, TERMINATOR] {
            key = Key::new(HMAC_SHA256, sign(&key, part.as_bytes()).as_ref());
        }
        Self(key)
    }

    /// Returns the signature, in hexadecimal.
    pub(super) fn signature(&self, date: Timestamp, scope: &str, canonical_request: &[u8]) -> String {
        let text = string_to_sign(date, scope, canonical_request);
        let tag: Tag = sign(&self.0, text.as_bytes());
        hexadecimal::encode(tag.as_ref())
    }
}

/// Returns the text that is signed.
pub(super) fn string_to_sign(date: Timestamp, scope: &str, canonical_request: &[u8]) -> String {
    let hash = hexadecimal::sha256(canonical_request);
    [ALGORITHM, &format_date(date), scope, &hash].join("\n")
}

/// Returns the credential's scope.
pub(super) fn scope(day: &str, region: &str, service: &str) -> String {
    [day, region, service, TERMINATOR].join("/")
}
