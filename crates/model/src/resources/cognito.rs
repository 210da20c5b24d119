//! Cognito user pools: <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{ClientId, Timestamp, UserPoolId, UserSub};

/// A user pool. Its keys are sealed by the vault and kept beside it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UserPool {
    pub id: UserPoolId,
    pub name: String,
    pub creation_date: Timestamp,
    pub last_modified_date: Timestamp,
    pub password_policy: PasswordPolicy,
    /// `email`, `phone_number`: sent a code or link at sign-up, verified by it.
    #[serde(default)]
    pub auto_verified_attributes: Vec<String>,
    /// `email`, `phone_number`: the name to sign in with. Excludes `alias_attributes`.
    #[serde(default)]
    pub username_attributes: Vec<String>,
    /// `email`, `phone_number`, `preferred_username`: further names to sign in with, once verified.
    #[serde(default)]
    pub alias_attributes: Vec<String>,
    #[serde(default = "case_insensitive")]
    pub username_case_sensitive: bool,
    pub schema_attributes: Vec<SchemaAttribute>,
    /// Users are created by administrators only.
    #[serde(default)]
    pub allow_admin_create_user_only: bool,
    /// `CONFIRM_WITH_CODE` or `CONFIRM_WITH_LINK`.
    #[serde(default = "confirm_with_code")]
    pub default_email_option: String,
    /// `OFF`; other values are refused until factors exist.
    #[serde(default = "mfa_off")]
    pub mfa_configuration: String,
    /// `ACTIVE` or `INACTIVE`.
    #[serde(default = "inactive")]
    pub deletion_protection: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub domain: Option<String>,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// Key id and public key of the two signing keys: ID tokens first, access tokens second.
    pub signing_keys: Vec<SigningKeyRecord>,
    /// As given and returned as given: settings that hold no behaviour yet (account recovery, templates of mail).
    #[serde(default)]
    pub settings: serde_json::Map<String, serde_json::Value>,
}

fn case_insensitive() -> bool {
    false
}
fn confirm_with_code() -> String {
    "CONFIRM_WITH_CODE".into()
}
fn mfa_off() -> String {
    "OFF".into()
}
fn inactive() -> String {
    "INACTIVE".into()
}

/// A key that signs a pool's tokens. The private half is sealed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SigningKeyRecord {
    pub kid: String,
    /// The public JWK: `kty n e alg use kid`.
    pub public_jwk: serde_json::Value,
    /// PKCS#8, sealed by the vault.
    pub sealed_private_key: String,
}

/// What a password must be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
pub struct PasswordPolicy {
    pub minimum_length: u32,
    pub require_uppercase: bool,
    pub require_lowercase: bool,
    pub require_numbers: bool,
    pub require_symbols: bool,
    pub temporary_password_validity_days: u32,
}

impl Default for PasswordPolicy {
    fn default() -> Self {
        Self {
            minimum_length: 8,
            require_uppercase: true,
            require_lowercase: true,
            require_numbers: true,
            require_symbols: true,
            temporary_password_validity_days: 7,
        }
    }
}

/// An attribute that users of a pool have.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct SchemaAttribute {
    pub name: String,
    /// `String`, `Number`, `DateTime` or `Boolean`.
    pub attribute_data_type: String,
    #[serde(default)]
    pub developer_only_attribute: bool,
    #[serde(default = "mutable")]
    pub mutable: bool,
    #[serde(default)]
    pub required: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub string_attribute_constraints: Option<BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number_attribute_constraints: Option<BTreeMap<String, String>>,
}

fn mutable() -> bool {
    true
}

/// An app client.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UserPoolClient {
    pub user_pool_id: UserPoolId,
    pub client_id: ClientId,
    pub client_name: String,
    /// Sealed by the vault; none for a public client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_client_secret: Option<String>,
    pub creation_date: Timestamp,
    pub last_modified_date: Timestamp,
    /// `ALLOW_USER_SRP_AUTH`, … or the old names.
    pub explicit_auth_flows: Vec<String>,
    /// In `access_token_unit`; 1 hour by default.
    pub access_token_validity: u32,
    pub id_token_validity: u32,
    /// In `refresh_token_unit`; 30 days by default.
    pub refresh_token_validity: u32,
    /// `seconds`, `minutes`, `hours` or `days`.
    pub access_token_unit: String,
    pub id_token_unit: String,
    pub refresh_token_unit: String,
    /// Minutes, 3 to 15.
    pub auth_session_validity: u32,
    #[serde(default)]
    pub read_attributes: Vec<String>,
    #[serde(default)]
    pub write_attributes: Vec<String>,
    #[serde(default)]
    pub supported_identity_providers: Vec<String>,
    #[serde(default)]
    pub callback_urls: Vec<String>,
    #[serde(default)]
    pub logout_urls: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_redirect_uri: Option<String>,
    /// `code`, `implicit`, `client_credentials`.
    #[serde(default)]
    pub allowed_oauth_flows: Vec<String>,
    #[serde(default)]
    pub allowed_oauth_scopes: Vec<String>,
    #[serde(default)]
    pub allowed_oauth_flows_user_pool_client: bool,
    /// `ENABLED` (the default here) or `LEGACY`.
    pub prevent_user_existence_errors: String,
    pub enable_token_revocation: bool,
}

/// A resource server: an audience with scopes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ResourceServer {
    pub user_pool_id: UserPoolId,
    pub identifier: String,
    pub name: String,
    pub scopes: Vec<ResourceServerScope>,
}

/// One scope of a resource server; in tokens `identifier/name`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct ResourceServerScope {
    pub scope_name: String,
    pub scope_description: String,
}

/// A group of users.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Group {
    pub user_pool_id: UserPoolId,
    pub group_name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role_arn: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub precedence: Option<u32>,
    pub creation_date: Timestamp,
    pub last_modified_date: Timestamp,
}

/// Where a user stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum UserStatus {
    Unconfirmed,
    Confirmed,
    ForceChangePassword,
    ResetRequired,
}

impl UserStatus {
    /// Returns AWS's spelling.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unconfirmed => "UNCONFIRMED",
            Self::Confirmed => "CONFIRMED",
            Self::ForceChangePassword => "FORCE_CHANGE_PASSWORD",
            Self::ResetRequired => "RESET_REQUIRED",
        }
    }
}

/// A user of a pool. Its verifiers are sealed by the vault.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct User {
    pub user_pool_id: UserPoolId,
    /// The name tokens carry as `cognito:username`; the `sub` in pools with `username_attributes`.
    pub username: String,
    pub sub: UserSub,
    pub enabled: bool,
    pub user_status: UserStatus,
    pub user_create_date: Timestamp,
    pub user_last_modified_date: Timestamp,
    /// `email`, `email_verified`, `custom:…`; not `sub`.
    pub attributes: BTreeMap<String, String>,
    #[serde(default)]
    pub groups: Vec<String>,
    /// Argon2id hash of the password, sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_password: Option<String>,
    /// Salt and verifier of SRP, sealed; only where a client of the pool allows SRP.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sealed_srp_verifier: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub temporary_password_expires: Option<Timestamp>,
    /// Tokens issued before this moment are refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signed_out_at: Option<Timestamp>,
}

/// A user pool's domain: `{prefix}.auth.{region}.{domain}`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct UserPoolDomain {
    pub domain: String,
    pub user_pool_id: UserPoolId,
}
