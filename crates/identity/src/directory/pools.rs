use std::collections::BTreeMap;

use portcullis_model::resources::cognito::{PasswordPolicy, SchemaAttribute};
use serde_json::{Map, Value};

/// What `CreateUserPool` takes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreateUserPool {
    pub pool_name: String,
    /// `email`, `phone_number`. Excludes `alias_attributes`.
    pub username_attributes: Vec<String>,
    pub alias_attributes: Vec<String>,
    /// `UsernameConfiguration.CaseSensitive`. AWS's API says true when nothing is said; so do we.
    pub username_case_sensitive: Option<bool>,
    /// As given: custom attributes without `custom:`.
    pub schema: Vec<SchemaAttribute>,
    pub options: PoolOptions,
}

/// What `UpdateUserPool` takes. As on AWS, an option that is not given goes back to its default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct UpdateUserPool {
    pub pool_name: Option<String>,
    pub options: PoolOptions,
}

/// What can be set at creation and changed later.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PoolOptions {
    pub password_policy: Option<PasswordPolicy>,
    pub auto_verified_attributes: Vec<String>,
    pub allow_admin_create_user_only: bool,
    /// `CONFIRM_WITH_CODE`, the default.
    pub default_email_option: Option<String>,
    /// `OFF`, the default.
    pub mfa_configuration: Option<String>,
    /// `ACTIVE` or `INACTIVE`, the default.
    pub deletion_protection: Option<String>,
    /// None keeps what is there.
    pub tags: Option<BTreeMap<String, String>>,
    /// Returned as given: `AccountRecoverySetting`, `VerificationMessageTemplate`, `AdminCreateUserConfig`, …
    /// The texts of mails in it are used.
    pub settings: Map<String, Value>,
}
