//! The `Authorization` header: `AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>

use super::{ALGORITHM, SigV4Error, error::shown};

/// The header's parameters; what is absent is none, and the caller says so together with a missing date.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Authorization<'a> {
    pub(super) credential: Option<&'a str>,
    pub(super) signed_headers: Option<&'a str>,
    pub(super) signature: Option<&'a str>,
}

impl<'a> Authorization<'a> {
    /// Reads the header; none when its scheme is not one of AWS's.
    pub(super) fn parse(value: &'a str) -> Result<Option<Self>, SigV4Error> {
        let value = value.trim();
        let (scheme, parameters) = value.split_once(' ').unwrap_or((value, ""));
        if scheme != ALGORITHM {
            let is_aws = scheme == "AWS" || scheme.starts_with("AWS4-") || scheme.starts_with("AWS3");
            return if is_aws {
                Err(SigV4Error::UnsupportedAlgorithm(shown(scheme)))
            } else {
                Ok(None)
            };
        }
        let mut authorization = Self::default();
        for pair in parameters
            .split(',')
            .map(str::trim)
            .filter(|pair| !pair.is_empty())
        {
            let (name, value) = pair
                .split_once('=')
                .ok_or_else(|| SigV4Error::NotAPair(shown(pair)))?;
            let field = match name {
                "Credential" => &mut authorization.credential,
                "SignedHeaders" => &mut authorization.signed_headers,
                "Signature" => &mut authorization.signature,
                _ => return Err(SigV4Error::NotAPair(shown(pair))),
            };
            if field.replace(value).is_some() {
                return Err(SigV4Error::Duplicate(shown(name)));
            }
        }
        Ok(Some(authorization))
    }
}
