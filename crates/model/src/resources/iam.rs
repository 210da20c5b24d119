//! IAM principals of the admin side: <https://docs.aws.amazon.com/IAM/latest/APIReference/>

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{AccessKeyId, AccountId, Timestamp};

/// An IAM user with what hangs on him.
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
    /// Managed policies, by ARN.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub attached_policies: BTreeSet<String>,
    /// Groups, by name.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub groups: BTreeSet<String>,
    /// The ARN of the managed policy beyond which nothing is allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions_boundary: Option<String>,
}

impl User {
    /// Returns the user's ARN in `account`.
    pub fn arn(&self, account: &str) -> String {
        format!("arn:aws:iam::{account}:user{}{}", self.path, self.user_name)
    }
}

/// An IAM group: policies that its users share.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Group {
    pub group_name: String,
    /// `AGPA…`
    pub group_id: String,
    pub path: String,
    pub create_date: Timestamp,
    /// By policy name: the document, JSON.
    #[serde(default)]
    pub policies: BTreeMap<String, String>,
    /// Managed policies, by ARN.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub attached_policies: BTreeSet<String>,
}

impl Group {
    /// Returns the group's ARN in `account`.
    pub fn arn(&self, account: &str) -> String {
        format!("arn:aws:iam::{account}:group{}{}", self.path, self.group_name)
    }
}

/// A managed policy of an account, with its versions.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ManagedPolicy {
    pub policy_name: String,
    /// `ANPA…`
    pub policy_id: String,
    pub path: String,
    pub create_date: Timestamp,
    pub update_date: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// The version that holds: `1` is `v1`.
    pub default_version: u32,
    /// The number of the newest version there ever was.
    pub last_version: u32,
    pub versions: BTreeMap<u32, PolicyVersion>,
}

/// A version of a managed policy.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct PolicyVersion {
    /// JSON.
    pub document: String,
    pub create_date: Timestamp,
}

impl ManagedPolicy {
    /// Returns the policy's ARN in `account`.
    pub fn arn(&self, account: &str) -> String {
        format!("arn:aws:iam::{account}:policy{}{}", self.path, self.policy_name)
    }

    /// Returns the document that holds.
    pub fn document(&self) -> Option<&str> {
        let version = self.versions.get(&self.default_version)?;
        Some(&version.document)
    }
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
    /// Managed policies, by ARN.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub attached_policies: BTreeSet<String>,
    /// The ARN of the managed policy beyond which nothing is allowed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permissions_boundary: Option<String>,
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

/// What temporary credentials stand for. It is kept nowhere: the session token holds it, sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Session {
    /// `ASIA…`
    pub access_key_id: AccessKeyId,
    pub account: AccountId,
    pub principal: SessionPrincipal,
    pub issued: Timestamp,
    pub expires: Timestamp,
    /// Session policies: nothing beyond them is allowed. Documents, JSON.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<String>,
    /// Managed policies as session policies, by ARN.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policy_arns: Vec<String>,
}

/// Whose session it is. Ids tell one who was deleted from one who has the name now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SessionPrincipal {
    /// Of `AssumeRole`.
    Role {
        role_name: String,
        role_id: String,
        session_name: String,
    },
    /// Of `GetSessionToken`, called with this access key.
    User {
        user_name: String,
        user_id: String,
        access_key_id: AccessKeyId,
    },
}
