//! Records as values: what the store keeps as JSON, read and written with the version it had.

use portcullis_model::{
    Scope, UserPoolId,
    resources::cognito::{UserPool, UserPoolClient},
};
use portcullis_store::{
    Kind, Page, RecordKey, kinds,
    typed::{Versioned, list_json, read_json},
};
use serde::de::DeserializeOwned;

use crate::{Identity, IdentityError};

/// An app client, its pool, and where both live.
#[derive(Clone, Debug)]
pub(crate) struct ClientContext {
    pub(crate) scope: Scope,
    pub(crate) pool: UserPool,
    pub(crate) client: UserPoolClient,
}

/// Finds a pool by its id alone, for what strangers call.
pub(crate) const POOL_LOOKUP: &str = "user-pool";
/// Finds a client by its id alone, for what strangers call.
pub(crate) const CLIENT_LOOKUP: &str = "client-id";

/// Returns the id of something inside a pool.
pub(crate) fn inside(pool: &UserPoolId, id: &str) -> String {
    format!("{pool}/{id}")
}

impl Identity {
    pub(crate) async fn read<T: DeserializeOwned>(
        &self,
        key: &RecordKey,
    ) -> Result<Option<Versioned<T>>, IdentityError> {
        Ok(read_json(self.store.as_ref(), key).await?)
    }

    pub(crate) async fn list<T: DeserializeOwned>(
        &self,
        scope: &Scope,
        kind: Kind,
        page: Page,
    ) -> Result<Vec<Versioned<T>>, IdentityError> {
        Ok(list_json(self.store.as_ref(), scope, kind, page).await?)
    }

    /// Returns the pool called `id` in the caller's scope.
    pub(crate) async fn pool(&self, scope: &Scope, id: &str) -> Result<Versioned<UserPool>, IdentityError> {
        let key = RecordKey::new(scope, kinds::USER_POOL, id);
        self.read(&key).await?.ok_or_else(|| no_such_pool(id))
    }

    /// Returns the pool called `id`, whoever owns it: for callers who name nothing else.
    pub(crate) async fn pool_anywhere(&self, id: &str) -> Result<Option<Versioned<UserPool>>, IdentityError> {
        match self.store.find(kinds::USER_POOL, POOL_LOOKUP, id).await?.first() {
            Some(key) => self.read(key).await,
            None => Ok(None),
        }
    }

    /// Returns the client called `id` of `pool`.
    pub(crate) async fn client(
        &self,
        scope: &Scope,
        pool: &UserPoolId,
        id: &str,
    ) -> Result<Versioned<UserPoolClient>, IdentityError> {
        let key = RecordKey::new(scope, kinds::USER_POOL_CLIENT, inside(pool, id));
        self.read(&key).await?.ok_or_else(|| no_such_client(id))
    }

    /// Returns the client called `id` with its pool, whoever owns them: for what strangers call.
    pub(crate) async fn client_anywhere(&self, id: &str) -> Result<ClientContext, IdentityError> {
        let found = self
            .store
            .find(kinds::USER_POOL_CLIENT, CLIENT_LOOKUP, id)
            .await?;
        let key = found.first().ok_or_else(|| no_such_client(id))?;
        let client: Versioned<UserPoolClient> = self.read(key).await?.ok_or_else(|| no_such_client(id))?;
        let pool = self
            .pool(&client.key.scope, client.value.user_pool_id.as_str())
            .await?;
        Ok(ClientContext {
            scope: client.key.scope,
            pool: pool.value,
            client: client.value,
        })
    }

    /// Returns the client called `client` of the caller's pool called `pool`.
    pub(crate) async fn client_of(
        &self,
        scope: &Scope,
        pool: &str,
        client: &str,
    ) -> Result<ClientContext, IdentityError> {
        let pool = self.pool(scope, pool).await?.value;
        let client = self.client(scope, &pool.id, client).await?.value;
        Ok(ClientContext {
            scope: scope.clone(),
            pool,
            client,
        })
    }

    /// Returns every client of `pool`.
    pub(crate) async fn clients_of(
        &self,
        scope: &Scope,
        pool: &UserPoolId,
    ) -> Result<Vec<Versioned<UserPoolClient>>, IdentityError> {
        self.list(scope, kinds::USER_POOL_CLIENT, Page::all(inside(pool, "")))
            .await
    }
}

impl ClientContext {
    /// Tells whether answers must not give away who exists.
    pub(crate) fn hides_existence(&self) -> bool {
        self.client.prevent_user_existence_errors != "LEGACY"
    }
}

fn no_such_pool(id: &str) -> IdentityError {
    IdentityError::resource_not_found(format!("User pool {id} does not exist."))
}

fn no_such_client(id: &str) -> IdentityError {
    IdentityError::resource_not_found(format!("User pool client {id} does not exist."))
}
