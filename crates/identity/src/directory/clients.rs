use portcullis_model::{SecretText, resources::cognito::UserPoolClient};

/// What `CreateUserPoolClient` takes.
#[derive(Clone, Default)]
pub struct CreateUserPoolClient {
    pub user_pool_id: String,
    pub generate_secret: bool,
    /// A secret of the caller's own; makes the client confidential.
    pub client_secret: Option<SecretText>,
    pub options: ClientOptions,
}

/// What can be set at creation and changed later. As on AWS, an option that is not given goes back to its default.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ClientOptions {
    /// Needed at creation.
    pub client_name: Option<String>,
    pub refresh_token_validity: Option<u32>,
    pub access_token_validity: Option<u32>,
    pub id_token_validity: Option<u32>,
    pub token_validity_units: TokenValidityUnits,
    pub read_attributes: Vec<String>,
    pub write_attributes: Vec<String>,
    /// None: refresh, SRP and custom, as AWS.
    pub explicit_auth_flows: Option<Vec<String>>,
    pub supported_identity_providers: Vec<String>,
    pub callback_urls: Vec<String>,
    pub logout_urls: Vec<String>,
    pub default_redirect_uri: Option<String>,
    pub allowed_oauth_flows: Vec<String>,
    pub allowed_oauth_scopes: Vec<String>,
    pub allowed_oauth_flows_user_pool_client: bool,
    /// `ENABLED`, our default, or `LEGACY`, AWS's.
    pub prevent_user_existence_errors: Option<String>,
    /// True when not given.
    pub enable_token_revocation: Option<bool>,
    /// Minutes; 3 when not given.
    pub auth_session_validity: Option<u32>,
}

/// `seconds`, `minutes`, `hours` or `days`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TokenValidityUnits {
    pub access_token: Option<String>,
    pub id_token: Option<String>,
    pub refresh_token: Option<String>,
}

/// A client as administrators see it.
#[derive(Clone)]
pub struct ClientDescription {
    pub client: UserPoolClient,
    /// None for a public client.
    pub client_secret: Option<SecretText>,
}
