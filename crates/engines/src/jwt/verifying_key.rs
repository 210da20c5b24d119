//! A public key made ready: parsed once, so that a verification costs what the bare cryptography costs.

use std::sync::{Arc, OnceLock};

use aws_lc_rs::signature::{self, ParsedPublicKey, VerificationAlgorithm};
use serde_json::Value;

use super::{Algorithm, Jwk, JwkError, JwtError, jwk::Material, p256_tables::TabledKey, rsa_der};

/// A public key with the algorithms that it may verify. Cloning shares it.
#[derive(Clone, Debug)]
pub struct VerifyingKey {
    kid: Option<Arc<str>>,
    parsed: Arc<[(Algorithm, Parsed)]>,
}

#[derive(Debug)]
struct Parsed {
    key: ParsedPublicKey,
    /// Only of a key that was prepared.
    tabled: OnceLock<TabledKey>,
}

impl VerifyingKey {
    /// Makes `jwk` ready; refuses numbers that are no key (a point off its curve).
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, JwkError> {
        let bytes = match jwk.material() {
            Material::Rsa { modulus, exponent } => rsa_der::encode(modulus, exponent),
            Material::Ec { point } | Material::Ed25519 { point } => point.clone(),
        };
        let parsed: Vec<_> = jwk
            .algorithms()
            .iter()
            .map(|algorithm| {
                let key =
                    ParsedPublicKey::new(primitive(*algorithm), &bytes).map_err(|_| JwkError::Invalid)?;
                let tabled = OnceLock::new();
                Ok((*algorithm, Parsed { key, tabled }))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            kid: jwk.kid().map(Arc::from),
            parsed: parsed.into(),
        })
    }

    /// Reads a key from JSON and makes it ready.
    pub fn from_jwk_value(value: &Value) -> Result<Self, JwkError> {
        Self::from_jwk(&Jwk::parse(value)?)
    }

    /// Returns the key's id.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Returns the algorithms that the key verifies.
    pub fn algorithms(&self) -> impl Iterator<Item = Algorithm> {
        self.parsed.iter().map(|(algorithm, _)| *algorithm)
    }

    /// Checks `signature` over `message` under `algorithm`, which must fit the key.
    pub fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> Result<(), JwtError> {
        let parsed = self
            .parsed(algorithm)
            .ok_or(JwtError::AlgorithmDoesNotFitKey(algorithm))?;
        let is_right = match parsed.tabled.get() {
            // What one way refuses, the other is not asked about.
            Some(key) => key.has_signed(message, signature),
            None => parsed.key.verify_sig(message, signature).is_ok(),
        };
        is_right.then_some(()).ok_or(JwtError::SignatureMismatch)
    }

    /// Makes ready what verifies faster, for this key and those that share it; tells whether there is such a thing: a table for
    /// ES256. Takes milliseconds, and is for keys that are used again and again.
    pub fn prepare(&self) -> bool {
        let Some(parsed) = self.parsed(Algorithm::Es256) else {
            return false;
        };
        if parsed.tabled.get().is_some() {
            return true;
        }
        // Who else prepares it meanwhile makes the same.
        TabledKey::new(parsed.key.as_ref()).is_some_and(|key| {
            let _ = parsed.tabled.set(key);
            true
        })
    }

    fn parsed(&self, algorithm: Algorithm) -> Option<&Parsed> {
        self.parsed
            .iter()
            .find(|(fitting, _)| *fitting == algorithm)
            .map(|(_, parsed)| parsed)
    }
}

fn primitive(algorithm: Algorithm) -> &'static dyn VerificationAlgorithm {
    match algorithm {
        Algorithm::Rs256 => &signature::RSA_PKCS1_2048_8192_SHA256,
        Algorithm::Rs384 => &signature::RSA_PKCS1_2048_8192_SHA384,
        Algorithm::Rs512 => &signature::RSA_PKCS1_2048_8192_SHA512,
        Algorithm::Ps256 => &signature::RSA_PSS_2048_8192_SHA256,
        Algorithm::Ps384 => &signature::RSA_PSS_2048_8192_SHA384,
        Algorithm::Ps512 => &signature::RSA_PSS_2048_8192_SHA512,
        Algorithm::Es256 => &signature::ECDSA_P256_SHA256_FIXED,
        Algorithm::Es384 => &signature::ECDSA_P384_SHA384_FIXED,
        Algorithm::Es512 => &signature::ECDSA_P521_SHA512_FIXED,
        Algorithm::EdDsa => &signature::ED25519,
    }
}
