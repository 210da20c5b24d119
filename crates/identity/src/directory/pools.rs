//! User pools: created with their two signing keys, described, changed, listed, deleted with all that is in them.
//!
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_CreateUserPool.html>

use std::collections::BTreeMap;

use portcullis_model::{
    Scope, UserPoolId,
    resources::cognito::{PasswordPolicy, SchemaAttribute, UserPool},
};
use portcullis_store::{Batch, Expect, Page, Put, RecordKey, kinds};
use serde_json::{Map, Value};

use super::{Listing, PageRequest, paging, pool_options, schema};
use crate::{
    Identity, IdentityError,
    records::{POOL_LOOKUP, inside},
};

/// What `CreateUserPool` takes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CreateUserPool {
    pub pool_name: String,
    /// `email`, `phone_number`. Excludes `alias_attributes`.
    pub username_attributes: Vec<String>,
    pub alias_attributes: Vec<String>,
    /// `UsernameConfiguration.CaseSensitive`. AWS's API takes true when nothing is said; so do we.
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
    /// `email`; `phone_number` is refused, since nothing here sends text messages yet.
    pub auto_verified_attributes: Vec<String>,
    pub allow_admin_create_user_only: bool,
    /// `CONFIRM_WITH_CODE`, the default; `CONFIRM_WITH_LINK` needs a domain by the time that users sign up.
    pub default_email_option: Option<String>,
    /// `OFF`, the default; others are refused until factors exist.
    pub mfa_configuration: Option<String>,
    /// `ACTIVE` or `INACTIVE`, the default.
    pub deletion_protection: Option<String>,
    /// None keeps what is there.
    pub tags: Option<BTreeMap<String, String>>,
    /// Kept and returned as given, under their names in `CreateUserPool`; the texts of mails in it are used. Only
    /// the names in [`pool_options::SETTINGS`] are taken, any other is refused.
    pub settings: Map<String, Value>,
}

/// Letters and digits behind the region in a pool's id, as AWS writes it.
const ID_SUFFIX_LENGTH: usize = 9;
/// Most pools on one page of a listing.
const POOLS_PER_PAGE_MAX: u32 = 60;
/// Records that one batch of a deletion takes along.
const RECORDS_PER_BATCH: usize = 1000;
/// Most custom attributes of a pool.
const CUSTOM_ATTRIBUTES_MAX: usize = 50;

impl Identity {
    /// `CreateUserPool`
    pub async fn create_user_pool(
        &self,
        scope: &Scope,
        input: CreateUserPool,
    ) -> Result<UserPool, IdentityError> {
        pool_options::check_name(&input.pool_name)?;
        pool_options::check(&input.options)?;
        check_sign_in_names(&input)?;
        let schema_attributes = schema::compile(&input.schema)?;
        let id = UserPoolId::from(format!(
            "{}_{}",
            scope.region,
            self.entropy.alphanumeric(ID_SUFFIX_LENGTH)
        ));
        let now = self.clock.now();
        let mut pool = UserPool {
            signing_keys: self.generate_signing_keys(&id).await?,
            id,
            name: input.pool_name,
            creation_date: now,
            last_modified_date: now,
            password_policy: PasswordPolicy::default(),
            auto_verified_attributes: Vec::new(),
            username_attributes: input.username_attributes,
            alias_attributes: input.alias_attributes,
            username_case_sensitive: input.username_case_sensitive.unwrap_or(true),
            schema_attributes,
            allow_admin_create_user_only: false,
            default_email_option: String::new(),
            mfa_configuration: String::new(),
            deletion_protection: String::new(),
            domain: None,
            tags: BTreeMap::new(),
            settings: Map::new(),
        };
        pool_options::apply(&mut pool, input.options);
        let put = put_pool(scope, &pool, Expect::Absent)?;
        self.store.commit(Batch::new().with(put)).await?;
        Ok(pool)
    }

    /// `DescribeUserPool`
    pub async fn describe_user_pool(&self, scope: &Scope, pool: &str) -> Result<UserPool, IdentityError> {
        Ok(self.pool(scope, pool).await?.value)
    }

    /// `UpdateUserPool`
    pub async fn update_user_pool(
        &self,
        scope: &Scope,
        pool: &str,
        input: UpdateUserPool,
    ) -> Result<UserPool, IdentityError> {
        let found = self.pool(scope, pool).await?;
        pool_options::check(&input.options)?;
        let expect = found.expect();
        let mut pool = found.value;
        if let Some(name) = input.pool_name {
            pool_options::check_name(&name)?;
            pool.name = name;
        }
        pool_options::apply(&mut pool, input.options);
        pool.last_modified_date = self.clock.now();
        self.store
            .commit(Batch::new().with(put_pool(scope, &pool, expect)?))
            .await?;
        Ok(pool)
    }

    /// `AddCustomAttributes`
    pub async fn add_custom_attributes(
        &self,
        scope: &Scope,
        pool: &str,
        attributes: Vec<SchemaAttribute>,
    ) -> Result<(), IdentityError> {
        let found = self.pool(scope, pool).await?;
        let expect = found.expect();
        let mut pool = found.value;
        for attribute in &attributes {
            let attribute = schema::custom(attribute)?;
            if pool
                .schema_attributes
                .iter()
                .any(|there| there.name == attribute.name)
            {
                return Err(IdentityError::invalid_parameter(format!(
                    "{}: Existing attribute already has name {}.",
                    attribute.name, attribute.name
                )));
            }
            pool.schema_attributes.push(attribute);
        }
        schema::check_count(&pool.schema_attributes, CUSTOM_ATTRIBUTES_MAX)?;
        pool.last_modified_date = self.clock.now();
        self.store
            .commit(Batch::new().with(put_pool(scope, &pool, expect)?))
            .await?;
        Ok(())
    }

    /// `ListUserPools`
    pub async fn list_user_pools(
        &self,
        scope: &Scope,
        request: &PageRequest,
    ) -> Result<Listing<UserPool>, IdentityError> {
        let size = request.size(POOLS_PER_PAGE_MAX)?;
        let page = Page {
            prefix: String::new(),
            after: request.after("pools")?,
            limit: size + 1,
        };
        let found = self.list::<UserPool>(scope, kinds::USER_POOL, page).await?;
        let pools = found.into_iter().map(|record| record.value).collect();
        Ok(paging::page("pools", pools, size, |pool: &UserPool| {
            pool.id.to_string()
        }))
    }

    /// `DeleteUserPool`
    pub async fn delete_user_pool(&self, scope: &Scope, pool: &str) -> Result<(), IdentityError> {
        let found = self.pool(scope, pool).await?;
        if found.value.deletion_protection == "ACTIVE" {
            return Err(IdentityError::invalid_parameter(
                "The user pool cannot be deleted because deletion protection is activated. Deletion protection must be \
                 inactivated first.",
            ));
        }
        if found.value.domain.is_some() {
            return Err(IdentityError::invalid_parameter(
                "User pool cannot be deleted. It has a domain configured that should be deleted first.",
            ));
        }
        let expect = found.expect();
        let id = found.value.id;
        let mut batch = Batch::new().delete(found.key, expect);
        for client in self.clients_of(scope, &id).await? {
            batch = batch.delete(client.key, Expect::Anything);
        }
        // With pool and clients gone nobody signs in and no token is good any more; the rest follows in pieces. What a
        // crash leaves behind belongs to an id that is never given out again.
        self.store.commit(batch).await?;
        self.forget_keys(&id);
        for kind in [
            kinds::USER,
            kinds::GROUP,
            kinds::RESOURCE_SERVER,
            kinds::REFRESH_TOKEN,
            kinds::CODE,
        ] {
            self.delete_inside(scope, &id, kind).await?;
        }
        Ok(())
    }

    async fn delete_inside(
        &self,
        scope: &Scope,
        pool: &UserPoolId,
        kind: portcullis_store::Kind,
    ) -> Result<(), IdentityError> {
        let mut after = None;
        loop {
            let page = Page {
                prefix: inside(pool, ""),
                after,
                limit: RECORDS_PER_BATCH,
            };
            let records = self.store.list(scope, kind, page).await?;
            let Some(last) = records.last() else {
                return Ok(());
            };
            after = Some(last.key.id.clone());
            let batch = records.into_iter().fold(Batch::new(), |batch, record| {
                batch.delete(record.key, Expect::Anything)
            });
            self.store.commit(batch).await?;
        }
    }
}

/// Returns a write of `pool`.
pub(crate) fn put_pool(scope: &Scope, pool: &UserPool, expect: Expect) -> Result<Put, IdentityError> {
    let key = RecordKey::new(scope, kinds::USER_POOL, pool.id.as_str());
    Ok(Put::json(key, pool, expect)?.unique(POOL_LOOKUP, pool.id.as_str()))
}

fn check_sign_in_names(input: &CreateUserPool) -> Result<(), IdentityError> {
    if !input.username_attributes.is_empty() && !input.alias_attributes.is_empty() {
        return Err(IdentityError::invalid_parameter(
            "Only one of the aliasAttributes or usernameAttributes can be set in a user pool.",
        ));
    }
    pool_options::check_one_of(
        "usernameAttributes",
        &input.username_attributes,
        &["phone_number", "email"],
    )?;
    pool_options::check_one_of(
        "aliasAttributes",
        &input.alias_attributes,
        &["phone_number", "email", "preferred_username"],
    )
}
