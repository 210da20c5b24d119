//! A compact JWS whose payload travels elsewhere: RFC 7515, appendix F. `header..signature`.

use std::borrow::Cow;

use serde_json::Value;

use super::compact::Header;
use super::{Algorithm, HEADER_BYTES_MAX, JwtError, TOKEN_BYTES_MAX, VerifyingKey, base64url};
use crate::strict_json::Object;

/// Keys, and addresses of keys, that a header may bring along. Whoever signs does not choose who is believed.
const FOREIGN_KEYS: [&str; 5] = ["jwk", "jku", "x5c", "x5u", "x5t"];

/// A detached signature taken apart, nothing verified.
#[derive(Clone, Debug)]
pub struct Detached<'a> {
    header: Header,
    fields: Object,
    encoded_header: &'a str,
    signature: Vec<u8>,
}

impl<'a> Detached<'a> {
    /// Takes `text` apart; refuses every form but a header, nothing, and a signature, in strict base64url, and a header
    /// that carries a key or an extension.
    pub fn parse(text: &'a str) -> Result<Self, JwtError> {
        if text.len() > TOKEN_BYTES_MAX {
            return Err(JwtError::TooLong);
        }
        let (encoded_header, signature) = text.split_once("..").ok_or(JwtError::NotCompact)?;
        let header = base64url::decode(encoded_header).ok_or(JwtError::NotCompact)?;
        let signature = base64url::decode(signature).ok_or(JwtError::NotCompact)?;
        if header.len() > HEADER_BYTES_MAX {
            return Err(JwtError::HeaderTooLong);
        }
        let fields = Object::parse(&header).ok_or(JwtError::HeaderNotJson)?;
        if let Some(foreign) = FOREIGN_KEYS.into_iter().find(|name| fields.contains(name)) {
            return Err(JwtError::HeaderExtension(foreign));
        }
        Ok(Self {
            header: Header::of(&fields)?,
            fields,
            encoded_header,
            signature,
        })
    }

    /// Returns the header. Nothing in it is trustworthy before the signature is checked.
    pub const fn header(&self) -> &Header {
        &self.header
    }

    /// Returns a field of the header, as untrustworthy.
    pub fn field(&self, name: &str) -> Option<Cow<'_, Value>> {
        self.fields.get(name)
    }

    /// Returns a field of the header when it is text, as untrustworthy.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.fields.text(name)
    }

    /// Checks that `key` signed the header and `payload` under `algorithm`, which the header must name.
    pub fn verify(&self, key: &VerifyingKey, algorithm: Algorithm, payload: &[u8]) -> Result<(), JwtError> {
        if self.header.algorithm != algorithm {
            return Err(JwtError::AlgorithmNotOffered(self.header.algorithm.name().into()));
        }
        let mut signing_input =
            String::with_capacity(self.encoded_header.len() + 1 + payload.len() / 3 * 4 + 4);
        signing_input.push_str(self.encoded_header);
        signing_input.push('.');
        base64url::encode_into(payload, &mut signing_input);
        key.verify(algorithm, signing_input.as_bytes(), &self.signature)
    }
}
