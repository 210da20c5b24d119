//! Was this request signed with that secret? Signature Version 4 (`AWS4-HMAC-SHA256`), in a header and presigned,
//! checked on the server's side, and made for our own client.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html>
//!
//! It knows no keys and no permissions: [`parse`] says which key a request claims, the caller finds the secret,
//! [`verify`] decides. Chunked payloads (`STREAMING-…`) and SigV4A are refused.

mod authorization;
mod canonical_request;
mod content_hash;
mod credential;
mod date;
mod error;
mod hexadecimal;
mod presented;
mod presigned;
mod sign;
mod signing_key;
mod uri_encoding;
mod verify;
#[cfg(test)]
mod tests;

use portcullis_model::HeaderList;

pub use content_hash::BodyHash;
pub use date::{format_date, parse_date};
pub use error::SigV4Error;
pub use presented::{Form, Presented, parse};
pub use sign::{Credentials, presign, sign};
pub use signing_key::SigningKey;
pub use verify::{SKEW_SECONDS_MAX, verify, verify_before_body, verify_with_key};

/// The parts of a request that a signature covers, as they came on the wire. Over HTTP/2 the caller adds `host` from
/// `:authority`.
#[derive(Clone, Copy, Debug)]
pub struct SignableRequest<'a> {
    pub method: &'a str,
    /// Up to the `?`, percent-encoding untouched.
    pub path: &'a str,
    /// Without the `?`; empty when there is none.
    pub query: &'a str,
    pub headers: &'a HeaderList,
}

/// What differs between services.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Dot segments and doubled slashes are resolved before signing: all services but S3.
    pub normalize_path: bool,
    /// The path as it is on the wire is encoded once more: all services but S3.
    pub double_encode: bool,
    /// `UNSIGNED-PAYLOAD` is accepted: the body is then not covered.
    pub allow_unsigned_payload: bool,
    /// The session token was added after signing, as a few old clients do.
    pub unsigned_session_token: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            normalize_path: true,
            double_encode: true,
            allow_unsigned_payload: false,
            unsigned_session_token: false,
        }
    }
}

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const TERMINATOR: &str = "aws4_request";
