//! Why a signature is refused, in the words of AWS: the names of the JSON services and those of the Query protocol.
//! <https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html>

use super::SKEW_SECONDS_MAX;

/// Why a request is refused. Displays AWS's message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigV4Error {
    /// The caller's, when [`super::parse`] finds no signature where one is needed.
    #[error("Missing Authentication Token")]
    MissingAuthenticationToken,
    /// The sentences for all that is absent.
    #[error("{0}")]
    MissingParts(String),
    #[error("'{0}' not a valid key=value pair (missing equal-sign) in Authorization header.")]
    NotAPair(String),
    #[error("Unsupported AWS 'algorithm': '{0}'")]
    UnsupportedAlgorithm(String),
    #[error("The parameter '{0}' occurs more than once.")]
    Duplicate(String),
    #[error("The signature is given both in the Authorization header and in the query string.")]
    TwoForms,
    #[error("'{0}' is too long or holds characters that it must not.")]
    Malformed(&'static str),
    #[error(
        "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '{0}'"
    )]
    CredentialParts(String),
    #[error("Credential should be scoped with a valid terminator: 'aws4_request', not '{0}'.")]
    Terminator(String),
    #[error("Date must be in ISO-8601 'basic format'. Got '{0}'. See http://en.wikipedia.org/wiki/ISO_8601")]
    DateFormat(String),
    #[error("Credential should be scoped to a valid region.")]
    WrongRegion,
    #[error("Credential should be scoped to correct service: '{0}'.")]
    WrongService(String),
    #[error(
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '{scope}' != '{day}', from '{date}'."
    )]
    DateMismatch {
        scope: String,
        day: String,
        date: String,
    },
    #[error("'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")]
    HostNotSigned,
    #[error("'{0}' must be a 'SignedHeader' in the AWS Authorization.")]
    HeaderNotSigned(String),
    #[error("Signature expired: {date} is now earlier than {earliest} ({now} - {} min.)", SKEW_SECONDS_MAX / 60)]
    Expired {
        date: String,
        earliest: String,
        now: String,
    },
    #[error("Signature not yet current: {date} is still later than {latest} ({now} + {} min.)", SKEW_SECONDS_MAX / 60)]
    NotYetCurrent {
        date: String,
        latest: String,
        now: String,
    },
    #[error("Signature expired: {until} is now earlier than {now}")]
    PresignedExpired { until: String, now: String },
    #[error("X-Amz-Expires must be a number between 1 and 604800 seconds")]
    Expires,
    #[error("The provided 'x-amz-content-sha256' header does not match what was computed.")]
    BodyHash,
    #[error("The payload must be signed: 'x-amz-content-sha256' must be its SHA-256, not '{0}'.")]
    UnsignedPayload(String),
    #[error(
        "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
    )]
    SignatureMismatch,
}

impl SigV4Error {
    /// Returns the code that JSON and REST services answer with, API Gateway's data plane included.
    pub const fn json_code(&self) -> &'static str {
        match self.kind() {
            Kind::Missing => "MissingAuthenticationTokenException",
            Kind::Incomplete => "IncompleteSignatureException",
            Kind::Mismatch | Kind::PresignedExpired => "InvalidSignatureException",
        }
    }

    /// Returns the code that services of the Query protocol answer with. For a request whose date is too old they
    /// say `SignatureDoesNotMatch` (as STS does), for a presigned one whose time is over `RequestExpired`.
    pub const fn query_code(&self) -> &'static str {
        match self.kind() {
            Kind::Missing => "MissingAuthenticationToken",
            Kind::Incomplete => "IncompleteSignature",
            Kind::Mismatch => "SignatureDoesNotMatch",
            Kind::PresignedExpired => "RequestExpired",
        }
    }

    /// Returns AWS's message.
    pub fn message(&self) -> String {
        self.to_string()
    }

    const fn kind(&self) -> Kind {
        match self {
            Self::MissingAuthenticationToken => Kind::Missing,
            Self::MissingParts(_)
            | Self::NotAPair(_)
            | Self::UnsupportedAlgorithm(_)
            | Self::Duplicate(_)
            | Self::TwoForms
            | Self::Malformed(_)
            | Self::CredentialParts(_)
            | Self::DateFormat(_)
            | Self::Expires => Kind::Incomplete,
            Self::PresignedExpired { .. } => Kind::PresignedExpired,
            Self::Terminator(_)
            | Self::WrongRegion
            | Self::WrongService(_)
            | Self::DateMismatch { .. }
            | Self::HostNotSigned
            | Self::HeaderNotSigned(_)
            | Self::Expired { .. }
            | Self::NotYetCurrent { .. }
            | Self::BodyHash
            | Self::UnsignedPayload(_)
            | Self::SignatureMismatch => Kind::Mismatch,
        }
    }
}

enum Kind {
    Missing,
    Incomplete,
    Mismatch,
    PresignedExpired,
}

/// Returns the beginning of a stranger's value, for a message.
pub(super) fn shown(value: &str) -> String {
    const SHOWN_CHARACTERS_MAX: usize = 128;
    value.chars().take(SHOWN_CHARACTERS_MAX).collect()
}
