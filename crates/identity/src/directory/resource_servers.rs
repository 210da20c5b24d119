//! Resource servers: audiences with scopes, which app clients may be allowed.
//!
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-define-resource-servers.html>

use portcullis_model::{
    Scope, UserPoolId,
    resources::cognito::{ResourceServer, ResourceServerScope},
};
use portcullis_store::{Batch, Expect, Page, RecordKey, kinds, typed::Versioned};

use super::{Listing, PageRequest, paging};
use crate::{Identity, IdentityError, records::inside};

/// What `CreateResourceServer` and `UpdateResourceServer` take.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ResourceServerInput {
    pub user_pool_id: String,
    pub identifier: String,
    pub name: String,
    pub scopes: Vec<ResourceServerScope>,
}

const SERVERS_PER_PAGE_MAX: u32 = 50;
const SCOPES_MAX: usize = 100;
const CHARACTERS_MAX: usize = 256;

impl Identity {
    /// `CreateResourceServer`
    pub async fn create_resource_server(
        &self,
        scope: &Scope,
        input: ResourceServerInput,
    ) -> Result<ResourceServer, IdentityError> {
        let pool = self.pool(scope, &input.user_pool_id).await?.value;
        check(&input)?;
        let key = key(scope, &pool.id, &input.identifier);
        if self.read::<ResourceServer>(&key).await?.is_some() {
            return Err(IdentityError::invalid_parameter(format!(
                "{} already exists in user pool {}.",
                input.identifier, pool.id
            )));
        }
        self.commit_server(key, pool.id, input, Expect::Absent).await
    }

    /// `DescribeResourceServer`
    pub async fn describe_resource_server(
        &self,
        scope: &Scope,
        pool: &str,
        identifier: &str,
    ) -> Result<ResourceServer, IdentityError> {
        Ok(self.resource_server(scope, pool, identifier).await?.value)
    }

    /// `UpdateResourceServer`
    pub async fn update_resource_server(
        &self,
        scope: &Scope,
        input: ResourceServerInput,
    ) -> Result<ResourceServer, IdentityError> {
        let found = self
            .resource_server(scope, &input.user_pool_id, &input.identifier)
            .await?;
        check(&input)?;
        let expect = found.expect();
        self.commit_server(found.key, found.value.user_pool_id, input, expect)
            .await
    }

    /// `DeleteResourceServer`
    pub async fn delete_resource_server(
        &self,
        scope: &Scope,
        pool: &str,
        identifier: &str,
    ) -> Result<(), IdentityError> {
        let found = self.resource_server(scope, pool, identifier).await?;
        let expect = found.expect();
        self.store.commit(Batch::new().delete(found.key, expect)).await?;
        Ok(())
    }

    /// `ListResourceServers`
    pub async fn list_resource_servers(
        &self,
        scope: &Scope,
        pool: &str,
        request: &PageRequest,
    ) -> Result<Listing<ResourceServer>, IdentityError> {
        let pool = self.pool(scope, pool).await?.value;
        let size = request.size(SERVERS_PER_PAGE_MAX)?;
        let listing = format!("resource-servers/{}", pool.id);
        let page = Page {
            prefix: inside(&pool.id, ""),
            after: request.after(&listing)?,
            limit: size + 1,
        };
        let found = self
            .list::<ResourceServer>(scope, kinds::RESOURCE_SERVER, page)
            .await?;
        let servers = found.into_iter().map(|record| record.value).collect();
        Ok(paging::page(
            &listing,
            servers,
            size,
            |server: &ResourceServer| inside(&pool.id, &server.identifier),
        ))
    }

    /// Returns every scope of the pool's resource servers, as tokens carry them.
    pub(crate) async fn scopes_of(
        &self,
        scope: &Scope,
        pool: &UserPoolId,
    ) -> Result<Vec<String>, IdentityError> {
        let page = Page::all(inside(pool, ""));
        let servers = self
            .list::<ResourceServer>(scope, kinds::RESOURCE_SERVER, page)
            .await?;
        let scopes = |server: &ResourceServer| -> Vec<String> {
            let full = |scope: &ResourceServerScope| format!("{}/{}", server.identifier, scope.scope_name);
            server.scopes.iter().map(full).collect()
        };
        Ok(servers.iter().flat_map(|server| scopes(&server.value)).collect())
    }

    async fn resource_server(
        &self,
        scope: &Scope,
        pool: &str,
        identifier: &str,
    ) -> Result<Versioned<ResourceServer>, IdentityError> {
        let pool = self.pool(scope, pool).await?.value;
        self.read(&key(scope, &pool.id, identifier))
            .await?
            .ok_or_else(|| {
                IdentityError::resource_not_found(format!("Resource server {identifier} does not exist."))
            })
    }

    async fn commit_server(
        &self,
        key: RecordKey,
        user_pool_id: UserPoolId,
        input: ResourceServerInput,
        expect: Expect,
    ) -> Result<ResourceServer, IdentityError> {
        let server = ResourceServer {
            user_pool_id,
            identifier: input.identifier,
            name: input.name,
            scopes: input.scopes,
        };
        self.store
            .commit(Batch::new().put_json(key, &server, expect)?)
            .await?;
        Ok(server)
    }
}

fn key(scope: &Scope, pool: &UserPoolId, identifier: &str) -> RecordKey {
    RecordKey::new(scope, kinds::RESOURCE_SERVER, inside(pool, identifier))
}

/// AWS's limits; a scope's name has no `/`, which divides it from its server's identifier.
fn check(input: &ResourceServerInput) -> Result<(), IdentityError> {
    let token = |text: &str| {
        (1..=CHARACTERS_MAX).contains(&text.len())
            && text
                .bytes()
                .all(|byte| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e))
    };
    let refused = |field: &str, value: &str| {
        Err(IdentityError::invalid_parameter(format!(
            "1 validation error detected: Value '{value}' at '{field}' failed to satisfy constraint: Member must satisfy \
             regular expression pattern"
        )))
    };
    if !token(&input.identifier) {
        return refused("identifier", &input.identifier);
    }
    if !(1..=CHARACTERS_MAX).contains(&input.name.chars().count()) {
        return refused("name", &input.name);
    }
    if input.scopes.len() > SCOPES_MAX {
        return Err(IdentityError::invalid_parameter(format!(
            "a resource server has at most {SCOPES_MAX} scopes"
        )));
    }
    let mut names: Vec<&str> = Vec::new();
    for scope in &input.scopes {
        let name = scope.scope_name.as_str();
        if !token(name) || name.contains('/') || names.contains(&name) {
            return refused("scopes.scopeName", name);
        }
        if !(1..=CHARACTERS_MAX).contains(&scope.scope_description.chars().count()) {
            return refused("scopes.scopeDescription", &scope.scope_description);
        }
        names.push(name);
    }
    Ok(())
}
