//! The payload's hash: of the body itself, or what `X-Amz-Content-Sha256` says when that holds.
//! <https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html>

use portcullis_model::HeaderList;

use super::{Options, SigV4Error, error::shown, hexadecimal, presented::single};

pub(super) const CONTENT_SHA256: &str = "x-amz-content-sha256";
const UNSIGNED_PAYLOAD: &str = "UNSIGNED-PAYLOAD";

/// What the signature says of the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BodyHash {
    /// The signature covers the body with this hash.
    Sha256Hex(String),
    /// The signature does not cover the body.
    Unsigned,
}

impl BodyHash {
    /// Returns the hash of `body`, refusing a header that says something else about it.
    pub fn of(body: &[u8], headers: &HeaderList, options: &Options) -> Result<Self, SigV4Error> {
        let claimed = Self::claimed(headers, options)?;
        if claimed == Some(Self::Unsigned) {
            return Ok(Self::Unsigned);
        }
        let hash = Self::Sha256Hex(hexadecimal::sha256(body));
        // Both are public: the comparison need not take constant time.
        if claimed.is_some_and(|claimed| claimed != hash) {
            return Err(SigV4Error::BodyHash);
        }
        Ok(hash)
    }

    /// Returns what the header says of the body; none where there is no header.
    pub fn claimed(headers: &HeaderList, options: &Options) -> Result<Option<Self>, SigV4Error> {
        match single(headers, CONTENT_SHA256)? {
            None => Ok(None),
            Some(UNSIGNED_PAYLOAD) if options.allow_unsigned_payload => Ok(Some(Self::Unsigned)),
            Some(hash) if hexadecimal::is_sha256(hash) => Ok(Some(Self::Sha256Hex(hash.to_owned()))),
            Some(other) => Err(SigV4Error::UnsignedPayload(shown(other))),
        }
    }

    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Sha256Hex(hash) => hash,
            Self::Unsigned => UNSIGNED_PAYLOAD,
        }
    }
}
