//! A pool's domain: a prefix, under which the token endpoint and later the hosted pages answer.
//!
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/cognito-user-pools-assign-domain-prefix.html>

use portcullis_model::{Region, Scope, resources::cognito::UserPoolDomain};
use portcullis_store::{Batch, Expect, Put, RecordKey, StoreError, kinds};

use super::pools::put_pool;
use crate::{Identity, IdentityError};

/// Finds a domain by region and prefix, whoever owns it.
const DOMAIN_LOOKUP: &str = "domain";
const PREFIX_CHARACTERS_MAX: usize = 63;
const RESERVED: [&str; 3] = ["aws", "amazon", "cognito"];

impl Identity {
    /// `CreateUserPoolDomain`, for a prefix. A domain of one's own (`CustomDomainConfig`) is not there yet.
    pub async fn create_user_pool_domain(
        &self,
        scope: &Scope,
        pool: &str,
        domain: &str,
    ) -> Result<UserPoolDomain, IdentityError> {
        let found = self.pool(scope, pool).await?;
        check(domain)?;
        if found.value.domain.is_some() {
            return Err(IdentityError::invalid_parameter(
                "User pool already has a domain configured.",
            ));
        }
        let expect = found.expect();
        let mut pool = found.value;
        pool.domain = Some(domain.to_owned());
        pool.last_modified_date = self.clock.now();
        let record = UserPoolDomain {
            domain: domain.to_owned(),
            user_pool_id: pool.id.clone(),
        };
        let put = Put::json(key(scope, domain), &record, Expect::Absent)?
            .unique(DOMAIN_LOOKUP, lookup(&scope.region, domain));
        let batch = Batch::new().with(put_pool(scope, &pool, expect)?).with(put);
        let taken = "Domain already associated with another user pool.";
        match self.store.commit(batch).await {
            Ok(_) => Ok(record),
            Err(StoreError::Taken { .. }) => Err(IdentityError::invalid_parameter(taken)),
            Err(StoreError::Conflict { .. })
                if self.pool_of_domain(&scope.region, domain).await?.is_some() =>
            {
                Err(IdentityError::invalid_parameter(taken))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// `DescribeUserPoolDomain`. As on AWS, a domain that nobody has is no error: the description is empty.
    pub async fn describe_user_pool_domain(
        &self,
        scope: &Scope,
        domain: &str,
    ) -> Result<Option<UserPoolDomain>, IdentityError> {
        Ok(self.read(&key(scope, domain)).await?.map(|record| record.value))
    }

    /// `DeleteUserPoolDomain`
    pub async fn delete_user_pool_domain(
        &self,
        scope: &Scope,
        pool: &str,
        domain: &str,
    ) -> Result<(), IdentityError> {
        let found = self.pool(scope, pool).await?;
        if found.value.domain.as_deref() != Some(domain) {
            return Err(IdentityError::invalid_parameter(
                "No such domain or user pool exists.",
            ));
        }
        let expect = found.expect();
        let mut pool = found.value;
        pool.domain = None;
        pool.last_modified_date = self.clock.now();
        let batch = Batch::new()
            .with(put_pool(scope, &pool, expect)?)
            .delete(key(scope, domain), Expect::Anything);
        self.store.commit(batch).await?;
        Ok(())
    }

    /// Returns the domain called `prefix` in `region`, whoever owns it, and where its pool lives.
    pub async fn pool_of_domain(
        &self,
        region: &Region,
        prefix: &str,
    ) -> Result<Option<(Scope, UserPoolDomain)>, IdentityError> {
        let keys = self
            .store
            .find(kinds::USER_POOL_DOMAIN, DOMAIN_LOOKUP, &lookup(region, prefix))
            .await?;
        let Some(key) = keys.into_iter().next() else {
            return Ok(None);
        };
        Ok(self.read(&key).await?.map(|record| (key.scope, record.value)))
    }
}

fn key(scope: &Scope, domain: &str) -> RecordKey {
    RecordKey::new(scope, kinds::USER_POOL_DOMAIN, domain)
}

/// A prefix is taken in its region only: hosts carry the region.
fn lookup(region: &Region, prefix: &str) -> String {
    format!("{region}/{prefix}")
}

fn check(domain: &str) -> Result<(), IdentityError> {
    let edge = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let inner = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let fits = domain.len() <= PREFIX_CHARACTERS_MAX
        && edge(domain.bytes().next())
        && edge(domain.bytes().last())
        && domain.bytes().all(inner);
    if !fits {
        return Err(IdentityError::invalid_parameter(format!(
            "1 validation error detected: Value '{domain}' at 'domain' failed to satisfy constraint: Member must satisfy \
             regular expression pattern: ^[a-z0-9](?:[a-z0-9\\-]{{0,61}}[a-z0-9])?$"
        )));
    }
    match RESERVED.iter().find(|word| domain.contains(**word)) {
        Some(word) => Err(IdentityError::invalid_parameter(format!(
            "Domain cannot contain reserved word: {word}"
        ))),
        None => Ok(()),
    }
}
