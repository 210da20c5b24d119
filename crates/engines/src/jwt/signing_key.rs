//! The key that signs our own tokens: RS256, as Cognito's pools do. Parsed once, since parsing costs more than signing.

use aws_lc_rs::{
    encoding::{AsDer, Pkcs8V1Der},
    rsa::KeySize,
    signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair},
};
use portcullis_model::SecretBytes;
use serde_json::{Value, json};

use super::{JwkError, SigningKeyError, VerifyingKey, base64url, rsa_der};

const MODULUS_BYTES_MIN: usize = 256;

/// An RSA private key, ready to sign.
pub struct RsaSigningKey {
    pair: RsaKeyPair,
    random: aws_lc_rs::rand::SystemRandom,
}

impl RsaSigningKey {
    /// Makes a new key of 2048 bits. Takes about 100 ms, sometimes much longer: not for the request path.
    pub fn generate() -> Result<Self, SigningKeyError> {
        RsaKeyPair::generate(KeySize::Rsa2048)
            .map(Self::new)
            .map_err(|_| SigningKeyError::Generate)
    }

    /// Reads a key that [`Self::to_pkcs8`] wrote, or any PKCS#8 RSA key of at least 2048 bits.
    pub fn from_pkcs8(pkcs8: &SecretBytes) -> Result<Self, SigningKeyError> {
        let pair = RsaKeyPair::from_pkcs8(pkcs8.expose()).map_err(|_| SigningKeyError::Malformed)?;
        if pair.public_modulus_len() < MODULUS_BYTES_MIN {
            return Err(SigningKeyError::Malformed);
        }
        Ok(Self::new(pair))
    }

    fn new(pair: RsaKeyPair) -> Self {
        Self {
            pair,
            random: aws_lc_rs::rand::SystemRandom::new(),
        }
    }

    /// Returns the key as PKCS#8 DER, to be sealed.
    pub fn to_pkcs8(&self) -> Result<SecretBytes, SigningKeyError> {
        let der: Pkcs8V1Der<'_> = self.pair.as_der().map_err(|_| SigningKeyError::Malformed)?;
        Ok(SecretBytes::new(der.as_ref().to_vec()))
    }

    /// Returns the public half as a JWK, as it stands in a pool's `jwks.json`.
    pub fn public_jwk(&self, kid: &str) -> Value {
        // aws-lc wrote this DER a moment ago, so it reads back; were it not so, the empty key would verify nothing.
        let (modulus, exponent) = rsa_der::decode(self.pair.public_key().as_ref()).unwrap_or_default();
        json!({
            "alg": "RS256",
            "e": base64url::encode(&exponent),
            "kid": kid,
            "kty": "RSA",
            "n": base64url::encode(&modulus),
            "use": "sig",
        })
    }

    /// Returns the public half, ready to verify.
    pub fn verifying_key(&self, kid: &str) -> Result<VerifyingKey, JwkError> {
        VerifyingKey::from_jwk_value(&self.public_jwk(kid))
    }

    /// Returns `claims`, which must be an object, as a token signed with this key.
    pub fn sign_jwt(&self, kid: &str, claims: &Value) -> Result<String, SigningKeyError> {
        if !claims.is_object() {
            return Err(SigningKeyError::ClaimsNotAnObject);
        }
        let header = json!({ "kid": kid, "alg": "RS256" });
        let mut token = String::with_capacity(1536);
        for (index, part) in [&header, claims].into_iter().enumerate() {
            if index > 0 {
                token.push('.');
            }
            let json = serde_json::to_vec(part).map_err(|_| SigningKeyError::ClaimsNotAnObject)?;
            base64url::encode_into(&json, &mut token);
        }
        let mut signature = vec![0; self.pair.public_modulus_len()];
        self.pair
            .sign(&RSA_PKCS1_SHA256, &self.random, token.as_bytes(), &mut signature)
            .map_err(|_| SigningKeyError::Sign)?;
        token.push('.');
        base64url::encode_into(&signature, &mut token);
        Ok(token)
    }
}
