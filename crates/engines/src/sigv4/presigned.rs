//! The presigned form: everything in the query string, `X-Amz-Algorithm` to `X-Amz-Signature`.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-authentication-methods.html>

use super::{ALGORITHM, SigV4Error, error::shown, uri_encoding::decode_query};

const EXPIRES_SECONDS_MAX: u32 = 604_800;

pub(super) const SIGNATURE: &str = "X-Amz-Signature";
pub(super) const SECURITY_TOKEN: &str = "X-Amz-Security-Token";

/// The parameters of a presigned request, decoded.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Presigned {
    algorithm: Option<String>,
    pub(super) credential: Option<String>,
    pub(super) date: Option<String>,
    expires: Option<String>,
    pub(super) signed_headers: Option<String>,
    pub(super) signature: Option<String>,
    pub(super) security_token: Option<String>,
}

impl Presigned {
    /// Reads the query; none when it holds no sign of a signature.
    pub(super) fn parse(query: &str) -> Result<Option<Self>, SigV4Error> {
        let mut presigned = Self::default();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = String::from_utf8(decode_query(name)).unwrap_or_default();
            let field = match name.as_str() {
                "X-Amz-Algorithm" => &mut presigned.algorithm,
                "X-Amz-Credential" => &mut presigned.credential,
                "X-Amz-Date" => &mut presigned.date,
                "X-Amz-Expires" => &mut presigned.expires,
                "X-Amz-SignedHeaders" => &mut presigned.signed_headers,
                SIGNATURE => &mut presigned.signature,
                SECURITY_TOKEN => &mut presigned.security_token,
                _ => continue,
            };
            let value =
                String::from_utf8(decode_query(value)).map_err(|_| SigV4Error::Malformed("query string"))?;
            if field.replace(value).is_some() {
                return Err(SigV4Error::Duplicate(name));
            }
        }
        let Some(algorithm) = &presigned.algorithm else {
            return if presigned.signature.is_some() || presigned.credential.is_some() {
                Err(SigV4Error::MissingParts(
                    "AWS query-string parameters must include 'X-Amz-Algorithm'. Re-examine the query-string parameters.".into(),
                ))
            } else {
                Ok(None)
            };
        };
        if algorithm != ALGORITHM {
            return Err(SigV4Error::UnsupportedAlgorithm(shown(algorithm)));
        }
        Ok(Some(presigned))
    }

    /// Returns for how many seconds the signature holds.
    pub(super) fn expires_seconds(&self) -> Result<u32, SigV4Error> {
        let text = self.expires.as_deref().ok_or_else(|| missing("X-Amz-Expires"))?;
        let is_number = text.len() <= 6 && text.bytes().all(|byte| byte.is_ascii_digit());
        let seconds: u32 = if is_number { text.parse().unwrap_or(0) } else { 0 };
        if (1..=EXPIRES_SECONDS_MAX).contains(&seconds) {
            Ok(seconds)
        } else {
            Err(SigV4Error::Expires)
        }
    }
}

/// Returns the error for an absent parameter.
pub(super) fn missing(name: &str) -> SigV4Error {
    SigV4Error::MissingParts(format!(
        "AWS query-string parameters must include '{name}'. Re-examine the query-string parameters."
    ))
}
