//! What the server keeps instead of a password. It can be guessed offline at some thousand tries a second, so it is
//! as secret as a password hash: sealed at rest, and made only where a client allows SRP.

use aws_lc_rs::digest;
use crypto_bigint::U256;
use portcullis_model::{Entropy, SecretBytes, SecretText};
use zeroize::Zeroizing;

use super::{
    SrpError,
    group::{self, BYTES, Element},
    hexadecimal::{encode, padded},
};

/// The longest salt, in bytes: ours have 16, those of devices what the device chose.
pub const SALT_BYTES_MAX: usize = 64;

/// A salt and the verifier g^x.
#[derive(Clone)]
pub struct Verifier {
    salt: Vec<u8>,
    verifier: Zeroizing<[u8; BYTES]>,
}

impl Verifier {
    /// Derives the verifier of `password` for `user_id` (`USER_ID_FOR_SRP`) in the pool whose id ends in
    /// `_{pool_name}`. For a device these are device group key and device key.
    pub fn derive(pool_name: &str, user_id: &str, password: &SecretText, salt: [u8; 16]) -> Self {
        let x = private_key(pool_name, user_id, password, &salt);
        Self {
            salt: salt.to_vec(),
            verifier: Zeroizing::new(group::to_bytes(&group::power_of_generator(&x))),
        }
    }

    /// Takes a salt and a verifier that a device made (`ConfirmDevice`).
    pub fn from_parts(salt: &[u8], verifier: &[u8]) -> Result<Self, SrpError> {
        if salt.is_empty() || salt.len() > SALT_BYTES_MAX {
            return Err(SrpError::MalformedSalt);
        }
        let element = group::element(verifier).ok_or(SrpError::MalformedVerifier)?;
        Ok(Self {
            salt: salt.to_vec(),
            verifier: Zeroizing::new(group::to_bytes(&element)),
        })
    }

    /// Returns the salt as `SALT` carries it.
    pub fn salt_hex(&self) -> String {
        encode(&self.salt)
    }

    /// Returns salt and verifier as bytes, to be sealed.
    pub fn to_bytes(&self) -> SecretBytes {
        let mut bytes = self.verifier.to_vec();
        bytes.extend_from_slice(&self.salt);
        SecretBytes::new(bytes)
    }

    /// Reads what [`Self::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SrpError> {
        let (verifier, salt) = bytes.split_at_checked(BYTES).ok_or(SrpError::MalformedVerifier)?;
        Self::from_parts(salt, verifier)
    }

    pub(super) fn number(&self) -> Result<Element, SrpError> {
        group::element(self.verifier.as_slice()).ok_or(SrpError::MalformedVerifier)
    }

    pub(super) fn number_bytes(&self) -> &[u8; BYTES] {
        &self.verifier
    }
}

/// Returns a salt whose first digit is not zero: some clients drop leading zeros and some keep them.
pub fn random_salt(entropy: &dyn Entropy) -> [u8; 16] {
    let mut salt = [0u8; 16];
    entropy.fill(&mut salt);
    if let Some(first) = salt.first_mut()
        && *first < 0x10
    {
        *first |= 0x80;
    }
    salt
}

/// x = H(pad(salt) ‖ H(pool name ‖ user ‖ ":" ‖ password))
pub(super) fn private_key(pool_name: &str, user_id: &str, password: &SecretText, salt: &[u8]) -> U256 {
    let mut identity = digest::Context::new(&digest::SHA256);
    for part in [pool_name, user_id, ":", password.expose()] {
        identity.update(part.as_bytes());
    }
    let mut salted = digest::Context::new(&digest::SHA256);
    salted.update(&padded(salt));
    salted.update(identity.finish().as_ref());
    U256::from_be_slice(salted.finish().as_ref())
}
