//! Envelopes: AES-256-GCM (NIST SP 800-38D) under a key per purpose, which HKDF-SHA256 (RFC 5869) derives from the
//! root key. `v1:` and, in base64url without padding, nonce (96 bits, random), ciphertext, tag.
//!
//! A key per purpose keeps the messages under one key few, so that random nonces never meet.

use aws_lc_rs::{
    aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hkdf::{HKDF_SHA256, KeyType, Prk, Salt},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use portcullis_model::{Entropy, SecretBytes};
use zeroize::{Zeroize, Zeroizing};

use crate::{RootKey, VaultError};

const VERSION: &str = "v1";
const SALT: &[u8] = b"portcullis vault";
const ENVELOPE_LABEL: &[u8] = b"portcullis envelope v1\0";
const CHECK_LABEL: &[u8] = b"portcullis root key check v1\0";
const HASH_LABEL: &[u8] = b"portcullis keyed hash v1\0";
const KEY_BYTES: usize = 32;

/// Returns what the keys of all purposes are derived from.
pub(crate) fn extract(root: &RootKey) -> Prk {
    Salt::new(HKDF_SHA256, SALT).extract(root.expose())
}

/// Returns a value that tells root keys apart and says nothing about them.
pub(crate) fn check_value(keys: &Prk) -> Option<[u8; KEY_BYTES]> {
    derive(keys, &[CHECK_LABEL]).map(|value| *value)
}

/// Returns the key of the hash for `purpose`.
pub(crate) fn hash_key(keys: &Prk, purpose: &str) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
    derive(keys, &[HASH_LABEL, purpose.as_bytes()])
}

/// Seals `plaintext` for `purpose`.
pub(crate) fn seal(
    keys: &Prk,
    entropy: &dyn Entropy,
    purpose: &str,
    plaintext: &[u8],
) -> Result<String, VaultError> {
    let sealing = || VaultError::Sealing {
        purpose: purpose.to_owned(),
    };
    let key = purpose_key(keys, purpose).ok_or_else(sealing)?;
    let mut nonce = [0; NONCE_LEN];
    entropy.fill(&mut nonce);
    let mut in_out = Zeroizing::new(plaintext.to_vec());
    let tag = key
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            bound_to(purpose),
            &mut in_out,
        )
        .map_err(|_| sealing())?;
    let envelope = [nonce.as_slice(), &in_out, tag.as_ref()].concat();
    Ok(format!("{VERSION}:{}", URL_SAFE_NO_PAD.encode(envelope)))
}

/// Opens an envelope that was sealed for `purpose`.
pub(crate) fn unseal(keys: &Prk, purpose: &str, sealed: &str) -> Result<SecretBytes, VaultError> {
    let purpose_name = || purpose.to_owned();
    let malformed = || VaultError::Malformed {
        purpose: purpose_name(),
    };
    let refused = || VaultError::Refused {
        purpose: purpose_name(),
    };
    let (version, encoded) = sealed.split_once(':').ok_or_else(malformed)?;
    if version != VERSION {
        return Err(unknown_version(version).unwrap_or_else(malformed));
    }
    let envelope = URL_SAFE_NO_PAD.decode(encoded).map_err(|_| malformed())?;
    let (nonce, ciphertext) = envelope.split_first_chunk::<NONCE_LEN>().ok_or_else(malformed)?;
    let key = purpose_key(keys, purpose).ok_or_else(refused)?;
    let mut in_out = Zeroizing::new(ciphertext.to_vec());
    let plaintext = key
        .open_in_place(
            Nonce::assume_unique_for_key(*nonce),
            bound_to(purpose),
            &mut in_out,
        )
        .map_err(|_| refused())?;
    Ok(SecretBytes::new(plaintext.to_vec()))
}

/// A version is `v` and a number; anything else is no envelope, and may be a secret that was never sealed.
fn unknown_version(version: &str) -> Option<VaultError> {
    let number = version.strip_prefix('v')?;
    let is_version = (1..=4).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit());
    is_version.then(|| VaultError::Version(version.to_owned()))
}

fn purpose_key(keys: &Prk, purpose: &str) -> Option<LessSafeKey> {
    let key = derive(keys, &[ENVELOPE_LABEL, purpose.as_bytes()])?;
    Some(LessSafeKey::new(
        UnboundKey::new(&AES_256_GCM, key.as_slice()).ok()?,
    ))
}

fn derive(keys: &Prk, info: &[&[u8]]) -> Option<Zeroizing<[u8; KEY_BYTES]>> {
    let mut key = Zeroizing::new([0; KEY_BYTES]);
    match keys
        .expand(info, KeyBytes)
        .and_then(|okm| okm.fill(key.as_mut_slice()))
    {
        Ok(()) => Some(key),
        Err(_) => {
            key.zeroize();
            None
        }
    }
}

fn bound_to(purpose: &str) -> Aad<Vec<u8>> {
    Aad::from([VERSION.as_bytes(), b"\0", purpose.as_bytes()].concat())
}

struct KeyBytes;

impl KeyType for KeyBytes {
    fn len(&self) -> usize {
        KEY_BYTES
    }
}
