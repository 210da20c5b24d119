//! Certificates that stages present to their backends: <https://docs.aws.amazon.com/apigateway/latest/api/API_ClientCertificate.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{Scope, Timestamp};

/// A certificate with its key, which nobody is ever shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ClientCertificate {
    pub client_certificate_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub pem_encoded_certificate: String,
    /// PEM, sealed for [`client_key_purpose`].
    pub private_key: String,
    pub created_date: Timestamp,
    pub expiration_date: Timestamp,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

/// Returns what the private key of a certificate is sealed for.
pub fn client_key_purpose(scope: &Scope, id: &str) -> String {
    format!("apigateway-client-key {}/{}/{id}", scope.account, scope.region)
}
