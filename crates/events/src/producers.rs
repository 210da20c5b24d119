//! Whose events a bus takes: the public keys in its tags.
//!
//! `portcullis:producer/{key id}` holds an Ed25519 public key (RFC 8037: 32 bytes, base64url, 43 characters) and, behind
//! spaces, the sources that it may sign for; without any it may sign for all. One such tag, and every event on the bus
//! needs a signature. `portcullis:signatures` = `required` asks for them even while there is no key.

use std::collections::BTreeMap;

use portcullis_engines::jwt::VerifyingKey;
use serde_json::json;

use crate::EventsError;

/// What the tag of a producer's key begins with.
pub const PRODUCER_TAG: &str = "portcullis:producer/";
/// The tag that asks for signatures whether or not there are keys.
pub const SIGNATURES_TAG: &str = "portcullis:signatures";
/// What all tags begin with that say something to us.
const OWN_TAGS: &str = "portcullis:";
/// Characters of a key's id.
const KEY_ID_CHARACTERS_MAX: usize = 64;

/// The producers of a bus.
#[derive(Clone, Debug, Default)]
pub(crate) struct Producers {
    keys: BTreeMap<String, Producer>,
    required: bool,
}

/// A producer's key.
#[derive(Clone, Debug)]
pub(crate) struct Producer {
    pub(crate) key: VerifyingKey,
    /// None: any.
    sources: Vec<String>,
}

impl Producers {
    /// Reads a bus's tags; refuses one that means to say something to us and does not.
    pub(crate) fn of(tags: &BTreeMap<String, String>) -> Result<Self, EventsError> {
        let mut producers = Self::default();
        for (tag, value) in tags.iter().filter(|(tag, _)| tag.starts_with(OWN_TAGS)) {
            if let Some(key_id) = tag.strip_prefix(PRODUCER_TAG) {
                producers
                    .keys
                    .insert(checked_id(key_id)?, Producer::of(tag, value)?);
            } else if tag == SIGNATURES_TAG && value == "required" {
                producers.required = true;
            } else {
                return Err(EventsError::validation(format!(
                    "tag `{tag}`: only `{PRODUCER_TAG}KEY-ID` with a public key, and `{SIGNATURES_TAG}` with `required`, are known"
                )));
            }
        }
        Ok(producers)
    }

    /// Tells whether an event needs a signature.
    pub(crate) fn are_wanted(&self) -> bool {
        self.required || !self.keys.is_empty()
    }

    pub(crate) fn find(&self, key_id: &str) -> Option<&Producer> {
        self.keys.get(key_id)
    }
}

impl Producer {
    fn of(tag: &str, value: &str) -> Result<Self, EventsError> {
        let refused = || {
            EventsError::validation(format!(
                "tag `{tag}`: expected an Ed25519 public key in base64url (43 characters), then, separated by spaces, the sources that it may sign for"
            ))
        };
        let mut words = value.split(' ').filter(|word| !word.is_empty());
        let point = words.next().ok_or_else(refused)?;
        let jwk = json!({ "kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "x": point });
        let key = VerifyingKey::from_jwk_value(&jwk).map_err(|_| refused())?;
        Ok(Self {
            key,
            sources: words.map(str::to_owned).collect(),
        })
    }

    /// Tells whether the key may sign for `source`.
    pub(crate) fn may_send(&self, source: &str) -> bool {
        self.sources.is_empty() || self.sources.iter().any(|own| own == source)
    }
}

/// Checks the tags of a bus that say something to us.
pub fn check_producer_tags(tags: &BTreeMap<String, String>) -> Result<(), EventsError> {
    Producers::of(tags).map(drop)
}

/// A `/` would make one producer's used ids look like another's.
fn checked_id(key_id: &str) -> Result<String, EventsError> {
    let fits = (1..=KEY_ID_CHARACTERS_MAX).contains(&key_id.len())
        && key_id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    if fits {
        return Ok(key_id.to_owned());
    }
    Err(EventsError::validation(format!(
        "tag `{PRODUCER_TAG}{key_id}`: a key's id has 1 to {KEY_ID_CHARACTERS_MAX} letters, digits and `.-_`"
    )))
}
