//! Where truststores of custom domains lie, and what becomes of a change there.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mutual-tls.html>
//!
//! AWS reads a truststore when a domain is set to it. Here a change of the file counts by itself as well. A folder has no
//! versions as a bucket has: version `V` of the object `KEY` is the file `.versions/V/KEY` of the folder.

use portcullis_engines::x509::{Truststore, truststore::TRUSTSTORE_BYTES_MAX};
use portcullis_model::resources::custom_domains::{DomainName, MutualTls};
use portcullis_store::Expect;

use super::domain_name::Domains;
use crate::{operation::AwsError, services::apigateway::errors::bad_request};

/// Characters of a version, as S3's.
const VERSION_CHARACTERS_MAX: usize = 1_024;
/// How a warning begins that says of a file that it is not used.
const NOT_USED: &str = "the truststore that lies at its URI now is not used, the one before is: ";

/// Where a truststore lies.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TruststorePlace {
    uri: String,
    version: Option<String>,
    pub bucket: String,
    /// The object in the folder that stands for the bucket.
    pub key: String,
}

/// What became of a truststore that was read again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reread {
    /// It says what it said.
    Same,
    /// It counts from now on; with what is wrong with single certificates of it.
    Replaced { warnings: Vec<String> },
    /// It cannot be used: the one before stays.
    Kept { cause: String },
}

/// Returns where a version of an object lies in the folder that stands for its bucket; the object itself without one.
pub fn key_of_version(key: &str, version: Option<&str>) -> Result<String, String> {
    let Some(version) = version else {
        return Ok(key.to_owned());
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let named = version.bytes().all(plain) && !version.starts_with('.');
    if !named || version.len() > VERSION_CHARACTERS_MAX {
        return Err(format!(
            "version `{version}`: expected letters, digits and `-_.`, no dot first"
        ));
    }
    Ok(format!(".versions/{version}/{key}"))
}

impl TruststorePlace {
    /// Parses `s3://bucket/key` with a version.
    pub fn parse(uri: &str, version: Option<&str>) -> Result<Self, String> {
        let place = uri.strip_prefix("s3://").and_then(|rest| rest.split_once('/'));
        let (bucket, key) = place
            .filter(|(bucket, key)| !bucket.is_empty() && !key.is_empty())
            .ok_or_else(|| format!("Invalid truststore URI `{uri}`: expected `s3://bucket/key`"))?;
        let key = key_of_version(key, version).map_err(|cause| format!("Invalid truststore {cause}"))?;
        Ok(Self {
            uri: uri.to_owned(),
            version: version.map(str::to_owned),
            bucket: bucket.to_owned(),
            key,
        })
    }

    /// Returns where the truststore of a domain lies.
    pub fn of(mutual: &MutualTls) -> Result<Self, String> {
        Self::parse(&mutual.truststore_uri, mutual.truststore_version.as_deref())
    }

    /// Tells whether it is the place of what `mutual` holds.
    pub(super) fn is_of(&self, mutual: &MutualTls) -> bool {
        self.uri == mutual.truststore_uri && self.version == mutual.truststore_version
    }
}

impl Domains<'_> {
    /// Reads a truststore from its bucket and checks it.
    pub(super) fn read_truststore(
        &self,
        place: Option<&TruststorePlace>,
    ) -> Result<Option<MutualTls>, AwsError> {
        let read = place.map(|place| self.read_checked(place));
        read.transpose().map_err(bad_request)
    }

    fn read_checked(&self, place: &TruststorePlace) -> Result<MutualTls, String> {
        let bytes = self
            .buckets
            .read(&place.bucket, &place.key, TRUSTSTORE_BYTES_MAX)
            .map_err(|reason| format!("The truststore cannot be read: {reason}"))?;
        let parsed = Truststore::parse(&bytes, self.apis.clock.now()).map_err(|cause| cause.to_string())?;
        self.certificates.check_truststore(&bytes)?;
        Ok(MutualTls {
            truststore_uri: place.uri.clone(),
            truststore_version: place.version.clone(),
            truststore: String::from_utf8_lossy(&bytes).into_owned(),
            truststore_warnings: parsed.warnings,
        })
    }

    /// Reads the truststore of a domain again. What cannot be used changes nothing but the domain's warnings.
    pub async fn reread_truststore(&self, name: &str) -> Result<Reread, AwsError> {
        let kept = self.domain_name(name).await?;
        let Some(before) = &kept.value.mutual_tls else {
            return Ok(Reread::Same);
        };
        let read = TruststorePlace::of(before).and_then(|place| self.read_checked(&place));
        let (after, became) = match read {
            Ok(after) if after.truststore == before.truststore => (after, Reread::Same),
            Ok(after) => {
                let warnings = after.truststore_warnings.clone();
                (after, Reread::Replaced { warnings })
            }
            Err(cause) => {
                let mut warnings = before.truststore_warnings.clone();
                warnings.retain(|warning| !warning.starts_with(NOT_USED));
                warnings.insert(0, format!("{NOT_USED}{cause}"));
                let after = MutualTls {
                    truststore_warnings: warnings,
                    ..before.clone()
                };
                (after, Reread::Kept { cause })
            }
        };
        if after != *before {
            let changed = DomainName {
                mutual_tls: Some(after),
                ..kept.value
            };
            self.put_domain(&changed, Expect::Version(kept.version)).await?;
        }
        Ok(became)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_is_a_file_of_its_own() {
        let place = |uri: &str, version| TruststorePlace::parse(uri, version).map(|place| place.key);
        assert_eq!(place("s3://trust/a/ca.pem", None).unwrap(), "a/ca.pem");
        assert_eq!(
            place("s3://trust/a/ca.pem", Some("2")).unwrap(),
            ".versions/2/a/ca.pem"
        );
        for (uri, version) in [
            ("s3://trust", None),
            ("s3:///ca.pem", None),
            ("https://trust/ca.pem", None),
            ("s3://trust/ca.pem", Some("../..")),
            ("s3://trust/ca.pem", Some("a/b")),
            ("s3://trust/ca.pem", Some(".")),
        ] {
            assert!(place(uri, version).is_err(), "{uri} {version:?}");
        }
    }
}
