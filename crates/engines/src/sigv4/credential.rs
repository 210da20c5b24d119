//! The credential with its scope: `keyid/date/region/service/aws4_request`.

use super::{SigV4Error, TERMINATOR, error::shown};

const ACCESS_KEY_ID_BYTES_MAX: usize = 128;
const SCOPE_PART_BYTES_MAX: usize = 64;

/// A credential taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Credential<'a> {
    pub(super) access_key_id: &'a str,
    /// `YYYYMMDD`
    pub(super) day: &'a str,
    pub(super) region: &'a str,
    pub(super) service: &'a str,
}

impl<'a> Credential<'a> {
    pub(super) fn parse(text: &'a str) -> Result<Self, SigV4Error> {
        let parts: Vec<&str> = text.splitn(6, '/').collect();
        let [access_key_id, day, region, service, terminator] = parts.as_slice() else {
            return Err(SigV4Error::CredentialParts(shown(text)));
        };
        if *terminator != TERMINATOR {
            return Err(SigV4Error::Terminator(shown(terminator)));
        }
        let is_word = |part: &str, bytes_max: usize| {
            !part.is_empty()
                && part.len() <= bytes_max
                && part
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
        };
        if !is_word(access_key_id, ACCESS_KEY_ID_BYTES_MAX) {
            return Err(SigV4Error::Malformed("Credential"));
        }
        for part in [day, region, service] {
            if !is_word(part, SCOPE_PART_BYTES_MAX) {
                return Err(SigV4Error::Malformed("Credential"));
            }
        }
        Ok(Self {
            access_key_id,
            day,
            region,
            service,
        })
    }
}
