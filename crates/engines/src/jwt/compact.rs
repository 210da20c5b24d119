//! A token taken apart: RFC 7515 section 7.1. Taking it apart proves nothing; [`Compact::verify`] does.

use super::{Algorithm, Claims, JwtError, VerifyingKey, base64url};
use crate::strict_json::Object;

/// The longest token, in bytes.
pub const TOKEN_BYTES_MAX: usize = 16 * 1024;
/// The longest header, in bytes of JSON.
pub const HEADER_BYTES_MAX: usize = 4 * 1024;

/// What a token's header says. Keys and addresses of keys in it (`jwk`, `jku`, `x5c`, `x5u`) are never used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub algorithm: Algorithm,
    pub kid: Option<String>,
    pub typ: Option<String>,
}

/// A token taken apart, nothing verified.
#[derive(Clone, Debug)]
pub struct Compact<'a> {
    header: Header,
    signing_input: &'a [u8],
    payload: Vec<u8>,
    signature: Vec<u8>,
}

impl<'a> Compact<'a> {
    /// Takes `token` apart; refuses every form but three parts of strict base64url with a header that we understand.
    pub fn parse(token: &'a str) -> Result<Self, JwtError> {
        if token.len() > TOKEN_BYTES_MAX {
            return Err(JwtError::TooLong);
        }
        let (signing_input, signature) = token.rsplit_once('.').ok_or(JwtError::NotCompact)?;
        let (header, payload) = signing_input.split_once('.').ok_or(JwtError::NotCompact)?;
        // A fourth part leaves a full stop in the payload, which base64url does not know.
        let header = base64url::decode(header).ok_or(JwtError::NotCompact)?;
        let payload = base64url::decode(payload).ok_or(JwtError::NotCompact)?;
        let signature = base64url::decode(signature).ok_or(JwtError::NotCompact)?;
        Ok(Self {
            header: Header::parse(&header)?,
            signing_input: signing_input.as_bytes(),
            payload,
            signature,
        })
    }

    /// Returns the header. Nothing in it is trustworthy before the signature is checked.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// Returns the claims without any check of the signature: only to find out whose keys to try.
    pub fn unverified_claims(&self) -> Result<Claims, JwtError> {
        Object::parse(&self.payload)
            .map(Claims)
            .ok_or(JwtError::ClaimsNotJson)
    }

    /// Checks the signature with `key` and returns the claims.
    pub fn verify(&self, key: &VerifyingKey) -> Result<Claims, JwtError> {
        self.verify_signature(key)?;
        self.unverified_claims()
    }

    /// Checks the signature with `key` and returns the payload as it is, JSON or not.
    pub fn verify_signature(&self, key: &VerifyingKey) -> Result<&[u8], JwtError> {
        key.verify(self.header.algorithm, self.signing_input, &self.signature)?;
        Ok(&self.payload)
    }
}

impl Header {
    fn parse(bytes: &[u8]) -> Result<Self, JwtError> {
        if bytes.len() > HEADER_BYTES_MAX {
            return Err(JwtError::HeaderTooLong);
        }
        Self::of(&Object::parse(bytes).ok_or(JwtError::HeaderNotJson)?)
    }

    /// Reads a header's fields.
    pub(super) fn of(fields: &Object) -> Result<Self, JwtError> {
        // RFC 7515 section 4.1.11: what is critical and not understood makes the token invalid; we understand no
        // extension, RFC 7797's `b64` included.
        for extension in ["crit", "b64"] {
            if fields.contains(extension) {
                return Err(JwtError::HeaderExtension(extension));
            }
        }
        let algorithm = optional_text(fields, "alg")?.ok_or(JwtError::HeaderField("alg"))?;
        Ok(Self {
            algorithm: Algorithm::from_name(&algorithm).ok_or(JwtError::AlgorithmNotOffered(algorithm))?,
            kid: optional_text(fields, "kid")?,
            typ: optional_text(fields, "typ")?,
        })
    }
}

fn optional_text(fields: &Object, name: &'static str) -> Result<Option<String>, JwtError> {
    match fields.text(name) {
        Some(text) => Ok(Some(text.to_owned())),
        None if fields.contains(name) => Err(JwtError::HeaderField(name)),
        None => Ok(None),
    }
}
