//! App clients: public ones, and confidential ones whose secret is sealed.
//!
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPoolClient.html>

use portcullis_model::{ClientId, Scope, SecretText, UserPoolId, resources::cognito::UserPoolClient};
use portcullis_store::{Batch, Expect, Page, Put, RecordKey, kinds};

use super::{Listing, PageRequest, client_options, paging};
use crate::{
    Identity, IdentityError,
    records::{CLIENT_LOOKUP, inside},
};

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
    /// In its unit; none or 0 for the default.
    pub refresh_token_validity: Option<u32>,
    pub access_token_validity: Option<u32>,
    pub id_token_validity: Option<u32>,
    pub token_validity_units: TokenValidityUnits,
    pub read_attributes: Vec<String>,
    pub write_attributes: Vec<String>,
    /// None or empty: refresh, SRP and custom, as AWS.
    pub explicit_auth_flows: Option<Vec<String>>,
    pub supported_identity_providers: Vec<String>,
    pub callback_urls: Vec<String>,
    pub logout_urls: Vec<String>,
    pub default_redirect_uri: Option<String>,
    pub allowed_oauth_flows: Vec<String>,
    pub allowed_oauth_scopes: Vec<String>,
    pub allowed_oauth_flows_user_pool_client: bool,
    /// `ENABLED`, our default, or `LEGACY`, which AWS's API takes when nothing is said.
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

const ID_LENGTH: usize = 26;
const SECRET_LENGTH: usize = 52;
const CLIENTS_PER_PAGE_MAX: u32 = 60;
/// AWS's own quota.
const CLIENTS_PER_POOL_MAX: usize = 1000;

impl Identity {
    /// `CreateUserPoolClient`
    pub async fn create_user_pool_client(
        &self,
        scope: &Scope,
        input: CreateUserPoolClient,
    ) -> Result<ClientDescription, IdentityError> {
        let pool = self.pool(scope, &input.user_pool_id).await?.value;
        let name = input.options.client_name.as_deref().unwrap_or_default();
        client_options::check_name(name)?;
        if self.clients_of(scope, &pool.id).await?.len() >= CLIENTS_PER_POOL_MAX {
            return Err(IdentityError::limit_exceeded(format!(
                "a user pool has at most {CLIENTS_PER_POOL_MAX} app clients"
            )));
        }
        let secret = self.new_secret(&input)?;
        let scopes = self.scopes_of(scope, &pool.id).await?;
        client_options::check(&pool, &scopes, &input.options, secret.is_some())?;
        let client_id = ClientId::from(self.entropy.lower_alphanumeric(ID_LENGTH));
        let sealed_client_secret = match &secret {
            Some(secret) => Some(self.seal_text(&secret_purpose(&pool.id, &client_id), secret)?),
            None => None,
        };
        let now = self.clock.now();
        let mut client = client_options::blank(pool.id.clone(), client_id, now);
        client.sealed_client_secret = sealed_client_secret;
        client_options::apply(&mut client, input.options);
        self.store
            .commit(Batch::new().with(put_client(scope, &client, Expect::Absent)?))
            .await?;
        Ok(ClientDescription {
            client,
            client_secret: secret,
        })
    }

    fn new_secret(&self, input: &CreateUserPoolClient) -> Result<Option<SecretText>, IdentityError> {
        let Some(given) = &input.client_secret else {
            return Ok(input
                .generate_secret
                .then(|| SecretText::new(self.entropy.lower_alphanumeric(SECRET_LENGTH))));
        };
        let text = given.expose();
        let plain = text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'+');
        if input.generate_secret || !(24..=64).contains(&text.len()) || !plain {
            return Err(IdentityError::invalid_parameter(
                "a client secret of your own has 24 to 64 of `[A-Za-z0-9_+]`, and GenerateSecret is not set with it",
            ));
        }
        Ok(Some(given.clone()))
    }

    /// `DescribeUserPoolClient`
    pub async fn describe_user_pool_client(
        &self,
        scope: &Scope,
        pool: &str,
        client: &str,
    ) -> Result<ClientDescription, IdentityError> {
        let client = self.client_of(scope, pool, client).await?.client;
        let client_secret = self.client_secret(&client)?;
        Ok(ClientDescription {
            client,
            client_secret,
        })
    }

    /// `UpdateUserPoolClient`
    pub async fn update_user_pool_client(
        &self,
        scope: &Scope,
        pool: &str,
        client: &str,
        options: ClientOptions,
    ) -> Result<ClientDescription, IdentityError> {
        let pool = self.pool(scope, pool).await?.value;
        let found = self.client(scope, &pool.id, client).await?;
        if let Some(name) = &options.client_name {
            client_options::check_name(name)?;
        }
        let scopes = self.scopes_of(scope, &pool.id).await?;
        client_options::check(
            &pool,
            &scopes,
            &options,
            found.value.sealed_client_secret.is_some(),
        )?;
        let expect = found.expect();
        let mut client = found.value;
        client_options::apply(&mut client, options);
        client.last_modified_date = self.clock.now();
        self.store
            .commit(Batch::new().with(put_client(scope, &client, expect)?))
            .await?;
        let client_secret = self.client_secret(&client)?;
        Ok(ClientDescription {
            client,
            client_secret,
        })
    }

    /// `DeleteUserPoolClient`
    pub async fn delete_user_pool_client(
        &self,
        scope: &Scope,
        pool: &str,
        client: &str,
    ) -> Result<(), IdentityError> {
        let pool = self.pool(scope, pool).await?.value;
        let found = self.client(scope, &pool.id, client).await?;
        let expect = found.expect();
        self.store.commit(Batch::new().delete(found.key, expect)).await?;
        Ok(())
    }

    /// `ListUserPoolClients`
    pub async fn list_user_pool_clients(
        &self,
        scope: &Scope,
        pool: &str,
        request: &PageRequest,
    ) -> Result<Listing<UserPoolClient>, IdentityError> {
        let pool = self.pool(scope, pool).await?.value;
        let size = request.size(CLIENTS_PER_PAGE_MAX)?;
        let listing = format!("clients/{}", pool.id);
        let page = Page {
            prefix: inside(&pool.id, ""),
            after: request.after(&listing)?,
            limit: size + 1,
        };
        let found = self
            .list::<UserPoolClient>(scope, kinds::USER_POOL_CLIENT, page)
            .await?;
        let clients = found.into_iter().map(|record| record.value).collect();
        Ok(paging::page(
            &listing,
            clients,
            size,
            |client: &UserPoolClient| inside(&pool.id, client.client_id.as_str()),
        ))
    }

    /// Returns the secret of a confidential client.
    pub(crate) fn client_secret(&self, client: &UserPoolClient) -> Result<Option<SecretText>, IdentityError> {
        let Some(sealed) = &client.sealed_client_secret else {
            return Ok(None);
        };
        let purpose = secret_purpose(&client.user_pool_id, &client.client_id);
        self.vault
            .unseal_text(&purpose, sealed)
            .map(Some)
            .map_err(IdentityError::broken)
    }
}

fn secret_purpose(pool: &UserPoolId, client: &ClientId) -> String {
    format!("cognito/client/{pool}/{client}/secret")
}

fn put_client(scope: &Scope, client: &UserPoolClient, expect: Expect) -> Result<Put, IdentityError> {
    let id = inside(&client.user_pool_id, client.client_id.as_str());
    let key = RecordKey::new(scope, kinds::USER_POOL_CLIENT, id);
    Ok(Put::json(key, client, expect)?.unique(CLIENT_LOOKUP, client.client_id.as_str()))
}
