//! What `iss` looks like.

use portcullis_model::UserPoolId;

/// The form of `iss`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum IssuerForm {
    /// `https://cognito-idp.{region}.amazonaws.com/{pool}`, which templates and verifiers expect.
    AwsLike,
    /// `{url}/{pool}`.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issuers_name_the_region_or_the_operators_address() {
        let pool = UserPoolId::from("us-east-1_AbCdEf123");
        assert_eq!(
            IssuerForm::AwsLike.issuer(&pool),
            "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_AbCdEf123"
        );
        let own = IssuerForm::Base("https://id.example.com/".into());
        assert_eq!(own.issuer(&pool), "https://id.example.com/us-east-1_AbCdEf123");
    }
}
