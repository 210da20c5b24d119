//! IAM principals of the admin side: <https://docs.aws.amazon.com/IAM/latest/APIReference/>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{AccessKeyId, Timestamp};

/// An IAM user with its inline policies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct User {
    pub user_name: String,
    /// `AIDA…`
    pub user_id: String,
    pub path: String,
    pub create_date: Timestamp,
    /// By policy name: the document, JSON.
    #[serde(default)]
    pub policies: BTreeMap<String, String>,
}

/// An IAM role: whom it trusts, and what it may do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Role {
    pub role_name: String,
    /// `AROA…`
    pub role_id: String,
    /// `/` or `/team/`
    pub path: String,
    pub create_date: Timestamp,
    /// Who may take the role on: JSON.
    pub assume_role_policy_document: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Seconds.
    pub max_session_duration: u32,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// By policy name: the document, JSON.
    #[serde(default)]
    pub policies: BTreeMap<String, String>,
}

impl Role {
    /// Returns the role's ARN in `account`.
    pub fn arn(&self, account: &str) -> String {
        format!("arn:aws:iam::{account}:role{}{}", self.path, self.role_name)
    }
}

/// An access key. The secret is sealed by the vault.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct AccessKey {
    pub access_key_id: AccessKeyId,
    /// None: the account's root, who may do everything in it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_name: Option<String>,
    /// `Active` or `Inactive`.
    pub status: String,
    pub create_date: Timestamp,
    pub sealed_secret: String,
}
