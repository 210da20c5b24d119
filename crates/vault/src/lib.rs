//! How are secrets kept? A root key in a file, and envelopes that only it opens.
//!
//! An envelope is bound to its purpose, a path such as `cognito/user/{pool}/{username}/password`: moved to another
//! record it does not open. The store only ever sees envelopes.

mod envelope;
mod root_key;
mod installation;
mod keyed_hash;
pub mod secrets;
#[cfg(test)]
mod tests;

use std::{path::Path, sync::Arc};

use aws_lc_rs::hkdf;
use portcullis_model::{Entropy, SecretBytes, SecretText};
use serde::{Serialize, de::DeserializeOwned};
use zeroize::Zeroizing;

pub use keyed_hash::{KEYED_HASH_BYTES, KeyedHash};
pub use root_key::{ROOT_KEY_BYTES, RootKey};

/// Why the vault did not do it. Says nothing of what is inside.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The root key file cannot be used.
    #[error("the root key `{path}` cannot be used: {reason}")]
    RootKey { path: String, reason: String },
    /// The data was sealed under another root key.
    #[error("this data directory was sealed with another root key: put back the key file that belongs to it")]
    AnotherRootKey,
    /// The envelope's version is unknown.
    #[error("a sealed value has the envelope version `{0}`, this program knows `v1`: use a newer portcullis")]
    Version(String),
    /// It is no envelope at all.
    #[error("a sealed value of `{purpose}` is not in the form `v1:…`")]
    Malformed { purpose: String },
    /// It does not open: another purpose, another root key, or a changed byte.
    #[error("a sealed value of `{purpose}` does not open: it was changed, moved or sealed with another key")]
    Refused { purpose: String },
    /// What is inside is not what the caller expects.
    #[error("a sealed value of `{purpose}` does not hold {expected}")]
    Content { purpose: String, expected: &'static str },
    /// The cryptographic library failed.
    #[error("sealing for `{purpose}` failed")]
    Sealing { purpose: String },
    /// The store failed.
    #[error(transparent)]
    Store(#[from] portcullis_store::StoreError),
}

/// Seals and opens. Cheap to share behind an `Arc`.
pub struct Vault {
    keys: hkdf::Prk,
    entropy: Arc<dyn Entropy>,
}

impl Vault {
    /// Returns the vault of `root`.
    pub fn new(root: &RootKey, entropy: Arc<dyn Entropy>) -> Self {
        Self {
            keys: envelope::extract(root),
            entropy,
        }
    }

    /// Returns the vault of the root key in the file `path`, made (mode 0600) when absent.
    pub fn open_or_create(path: &Path, entropy: Arc<dyn Entropy>) -> Result<Self, VaultError> {
        let root = RootKey::open_or_create(path, entropy.as_ref())?;
        Ok(Self::new(&root, entropy))
    }

    /// Seals `plaintext` for `purpose` and returns the envelope, `v1:…`.
    pub fn seal(&self, purpose: &str, plaintext: &[u8]) -> Result<String, VaultError> {
        envelope::seal(&self.keys, self.entropy.as_ref(), purpose, plaintext)
    }

    /// Opens an envelope that was sealed for `purpose`.
    pub fn unseal(&self, purpose: &str, sealed: &str) -> Result<SecretBytes, VaultError> {
        envelope::unseal(&self.keys, purpose, sealed)
    }

    /// Returns the hash for `purpose`, by which secrets are found without being shown.
    pub fn keyed_hash(&self, purpose: &str) -> Result<KeyedHash, VaultError> {
        let key = envelope::hash_key(&self.keys, purpose).ok_or_else(|| VaultError::Sealing {
            purpose: purpose.to_owned(),
        })?;
        Ok(KeyedHash::new(key.as_slice()))
    }

    /// Seals text.
    pub fn seal_text(&self, purpose: &str, text: &SecretText) -> Result<String, VaultError> {
        self.seal(purpose, text.expose().as_bytes())
    }

    /// Opens an envelope that holds text.
    pub fn unseal_text(&self, purpose: &str, sealed: &str) -> Result<SecretText, VaultError> {
        let bytes = self.unseal(purpose, sealed)?;
        match std::str::from_utf8(bytes.expose()) {
            Ok(text) => Ok(SecretText::new(text.to_owned())),
            Err(_) => Err(content(purpose, "text")),
        }
    }

    /// Seals a value as JSON.
    pub fn seal_json<T: Serialize + ?Sized>(&self, purpose: &str, value: &T) -> Result<String, VaultError> {
        let json = serde_json::to_vec(value).map_err(|_| content(purpose, "JSON"))?;
        self.seal(purpose, &Zeroizing::new(json))
    }

    /// Opens an envelope that holds JSON.
    pub fn unseal_json<T: DeserializeOwned>(&self, purpose: &str, sealed: &str) -> Result<T, VaultError> {
        let bytes = self.unseal(purpose, sealed)?;
        serde_json::from_slice(bytes.expose()).map_err(|_| content(purpose, "the JSON that is expected"))
    }
}

fn content(purpose: &str, expected: &'static str) -> VaultError {
    VaultError::Content {
        purpose: purpose.to_owned(),
        expected,
    }
}
