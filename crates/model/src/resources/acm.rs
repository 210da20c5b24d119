//! Certificates of servers: <https://docs.aws.amazon.com/acm/latest/APIReference/API_CertificateDetail.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Scope, Timestamp};

/// A certificate, or the request for one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AcmCertificate {
    /// The last part of its ARN.
    pub id: String,
    /// The first of its names.
    pub domain_name: String,
    /// All of its names, in lower case.
    pub subject_alternative_names: Vec<String>,
    pub origin: Origin,
    /// `RSA_2048`, `EC_prime256v1`, …
    pub key_algorithm: String,
    pub created_at: Timestamp,
    /// None while nobody has issued it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issued: Option<Issued>,
    /// `DNS` or `HTTP`, as it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency_token: Option<String>,
    /// Why it could not be issued, or renewed, the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// Where a certificate comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Origin {
    #[serde(rename = "IMPORTED")]
    Imported,
    /// Asked for: issued, and renewed, by whoever issues certificates for this installation.
    #[serde(rename = "AMAZON_ISSUED")]
    Requested,
}

/// What was issued.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Issued {
    pub at: Timestamp,
    /// PEM.
    pub certificate: String,
    /// PEM of what stands above it, the nearest first; empty for nothing.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub chain: String,
    /// PEM, sealed for [`key_purpose`].
    pub private_key: String,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
}

impl AcmCertificate {
    /// Returns the ARN.
    pub fn arn(&self, scope: &Scope) -> String {
        format!("{}{}", arn_prefix(scope), self.id)
    }

    /// Returns certificate and chain as one text, the certificate first.
    pub fn whole_chain(&self) -> Option<String> {
        let issued = self.issued.as_ref()?;
        Some(format!("{}\n{}", issued.certificate.trim_end(), issued.chain))
    }
}

/// Returns the id in the ARN of a certificate of `scope`.
pub fn id_of_arn<'a>(arn: &'a str, scope: &Scope) -> Option<&'a str> {
    arn.strip_prefix(arn_prefix(scope).as_str())
        .filter(|id| !id.is_empty())
}

/// Returns what the private key of a certificate is sealed for.
pub fn key_purpose(scope: &Scope, id: &str) -> String {
    format!("acm-private-key {}/{}/{id}", scope.account, scope.region)
}

fn arn_prefix(scope: &Scope) -> String {
    format!("arn:aws:acm:{}:{}:certificate/", scope.region, scope.account)
}
