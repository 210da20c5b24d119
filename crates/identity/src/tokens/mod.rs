//! ID, access and refresh tokens: made, refreshed, checked and ended.

use portcullis_model::UserPoolId;

/// What `iss` looks like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IssuerForm {
    /// `https://cognito-idp.{region}.amazonaws.com/{pool}`, which templates and verifiers expect.
    AwsLike,
    /// `{url}/{pool}`; the URL without a slash at its end.
    Base(String),
}

impl IssuerForm {
    /// Returns the issuer of `pool`, whose id starts with its region.
    pub fn issuer(&self, pool: &UserPoolId) -> String {
        match self {
            Self::AwsLike => {
                let region = pool.as_str().rsplit_once('_').map_or("", |(region, _)| region);
                format!("https://cognito-idp.{region}.amazonaws.com/{pool}")
            }
            Self::Base(url) => format!("{}/{pool}", url.trim_end_matches('/')),
        }
    }
}
