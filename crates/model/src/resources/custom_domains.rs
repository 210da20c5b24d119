//! Custom domain names of APIs and what their paths lead to:
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_DomainName.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{ApiId, StageName, Timestamp};

/// The base path of a mapping that takes what no other takes, as AWS writes it.
pub const NO_BASE_PATH: &str = "(none)";

/// A custom domain name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DomainName {
    /// In lower case.
    pub domain_name: String,
    pub created_date: Timestamp,
    /// `REGIONAL` or `EDGE`.
    pub endpoint_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_arn: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regional_certificate_arn: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ownership_verification_certificate_arn: Option<String>,
    pub security_policy: SecurityPolicy,
    /// Whether a connection must have been opened for the very name that a request is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint_access_mode: Option<EndpointAccessMode>,
    /// The first label of the host that AWS would have users point their name at: `d-abcdefghij`.
    pub target_label: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutual_tls: Option<MutualTls>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

impl DomainName {
    /// Returns the ARN of the certificate that it is served with: the regional one, unless it is edge-optimised.
    pub fn certificate(&self) -> Option<&str> {
        let own = if self.endpoint_type == "EDGE" {
            &self.certificate_arn
        } else {
            &self.regional_certificate_arn
        };
        own.as_deref()
    }
}

/// How strictly connections and requests must fit together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum EndpointAccessMode {
    Basic,
    /// The server name of the handshake is the host of the request.
    Strict,
}

/// The TLS versions that a domain speaks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SecurityPolicy {
    /// 1.2 and 1.3.
    #[default]
    #[serde(rename = "TLS_1_2")]
    Tls12,
    /// 1.2 and 1.3, in AWS's words of 2021. Suites without forward secrecy, which it has on AWS, are spoken nowhere here.
    #[serde(rename = "SecurityPolicy_TLS13_1_2_2021_06")]
    Tls12Of2021,
    /// 1.2 and 1.3, with key exchanges that hold against quantum computers where the client has them.
    #[serde(rename = "SecurityPolicy_TLS13_1_2_PQ_2025_09")]
    Tls12PostQuantum,
    /// The same, with forward secrecy.
    #[serde(rename = "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09")]
    Tls12ForwardSecret,
    /// 1.3 alone, in AWS's words of 2025.
    #[serde(rename = "SecurityPolicy_TLS13_1_3_2025_09")]
    Tls13Of2025,
    /// 1.3 alone.
    #[serde(rename = "TLS_1_3")]
    Tls13,
}

impl SecurityPolicy {
    /// Tells whether TLS 1.2 is refused.
    pub const fn wants_tls_1_3(self) -> bool {
        matches!(self, Self::Tls13Of2025 | Self::Tls13)
    }
}

/// Which clients a domain lets in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MutualTls {
    /// `s3://bucket/key`
    pub truststore_uri: String,
    /// Which of its versions; none: the one that is there, read again when it changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truststore_version: Option<String>,
    /// The last truststore there that could be used: PEM.
    pub truststore: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub truststore_warnings: Vec<String>,
}

/// What a base path of a domain leads to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BasePathMapping {
    pub domain_name: String,
    /// How the interface of HTTP APIs names it.
    #[serde(default)]
    pub id: String,
    /// Without slashes at its ends; [`NO_BASE_PATH`] for none.
    pub base_path: String,
    /// A REST or an HTTP API.
    pub rest_api_id: ApiId,
    /// None: the path's next segment names the stage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<StageName>,
}
