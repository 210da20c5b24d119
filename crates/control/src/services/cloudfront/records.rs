//! What the operations do to the records of distributions; the operations and the resources of stacks share it.

use std::collections::BTreeMap;

use portcullis_model::{
    Clock, Entropy, Scope,
    resources::{
        cloudfront::{Distribution, DistributionConfig, Invalidation},
        wafv2::{WafScope, WebAcl},
    },
};
use portcullis_store::{
    Batch, Expect, Lookup, Page, Put, RecordKey, Store, StoreError,
    kinds::{DISTRIBUTION, INVALIDATION},
    typed::{self, Versioned},
};
use portcullis_vault::Vault;
use serde::Serialize;

use super::errors::{invalid, no_if_match, no_such_distribution, no_such_invalidation, stale};
use crate::{operation::AwsError, ports::Compiler, services::wafv2::records::Waf};

/// The lookup from the ARN of a web ACL to the distributions that name it.
pub const BY_WEB_ACL: &str = "web-acl";
/// Distributions of an account, as AWS's quota.
const DISTRIBUTIONS_MAX: usize = 200;
/// Paths of one invalidation, as AWS's quota.
const PATHS_MAX: usize = 3_000;
/// Invalidations that are remembered of a distribution; the oldest go.
const INVALIDATIONS_KEPT_MAX: usize = 200;
/// Characters of a path and of a caller reference.
const TEXT_CHARACTERS_MAX: usize = 4_000;

/// The distributions of one account, and what is needed to change them.
#[derive(Clone, Copy)]
pub struct Distributions<'a> {
    pub store: &'a dyn Store,
    pub vault: &'a Vault,
    pub scope: &'a Scope,
    pub clock: &'a dyn Clock,
    pub entropy: &'a dyn Entropy,
    pub compiler: &'a dyn Compiler,
}

/// A distribution with its configuration opened.
#[derive(Clone, Debug)]
pub struct Found {
    pub distribution: Distribution,
    pub config: DistributionConfig,
    version: u64,
}

impl Distributions<'_> {
    fn key(&self, id: &str) -> RecordKey {
        RecordKey::new(self.scope, DISTRIBUTION, id)
    }

    /// Makes a distribution. A caller reference that has made one already returns it, if the rest is the same too.
    pub async fn create(
        &self,
        config: DistributionConfig,
        tags: BTreeMap<String, String>,
    ) -> Result<Found, AwsError> {
        if config.caller_reference.is_empty() {
            return Err(invalid("`CallerReference` is required"));
        }
        let all = self.all().await?;
        let namesake = all
            .iter()
            .find(|found| found.config.caller_reference == config.caller_reference);
        match namesake {
            Some(found) if found.config == config && found.distribution.tags == tags => {
                return Ok(found.clone());
            }
            Some(_) => {
                let message = "The caller reference that you are using to create a distribution is associated with \
                               another distribution.";
                return Err(AwsError::new("DistributionAlreadyExists", 409, message));
            }
            None => {}
        }
        if all.len() >= DISTRIBUTIONS_MAX {
            let message = format!("an account has at most {DISTRIBUTIONS_MAX} distributions");
            return Err(AwsError::new("TooManyDistributions", 400, message));
        }
        let id = format!("E{}", self.entropy.upper_base32(13));
        self.write(id, config, tags, Expect::Absent).await
    }

    /// Returns a distribution.
    pub async fn get(&self, id: &str) -> Result<Found, AwsError> {
        let found = typed::read_json::<Distribution>(self.store, &self.key(id)).await?;
        self.open(found.ok_or_else(no_such_distribution)?)
    }

    /// Returns a page of the distributions, and whether more follow.
    pub async fn list(&self, marker: Option<&str>, count: usize) -> Result<(Vec<Found>, bool), AwsError> {
        let page = Page {
            prefix: String::new(),
            after: marker.map(str::to_owned),
            limit: count + 1,
        };
        let found = typed::list_json::<Distribution>(self.store, self.scope, DISTRIBUTION, page).await?;
        let more = found.len() > count;
        let page = found.into_iter().take(count);
        Ok((
            page.map(|found| self.open(found)).collect::<Result<_, _>>()?,
            more,
        ))
    }

    async fn all(&self) -> Result<Vec<Found>, AwsError> {
        let page = Page::all(String::new());
        let found = typed::list_json::<Distribution>(self.store, self.scope, DISTRIBUTION, page).await?;
        found.into_iter().map(|found| self.open(found)).collect()
    }

    /// Gives a distribution another configuration, if the caller knows the one that it has.
    pub async fn update(
        &self,
        id: &str,
        if_match: Option<&str>,
        config: DistributionConfig,
    ) -> Result<Found, AwsError> {
        let found = self.get(id).await?;
        check_version(&found, if_match)?;
        self.replace(found, config).await
    }

    /// Gives the distribution that was found another configuration.
    pub async fn replace(&self, found: Found, config: DistributionConfig) -> Result<Found, AwsError> {
        if config.caller_reference != found.config.caller_reference {
            let message = "The caller reference of a distribution cannot be changed.";
            return Err(AwsError::new("IllegalUpdate", 400, message));
        }
        let Found {
            distribution,
            version,
            ..
        } = found;
        let expect = Expect::Version(version);
        self.write(distribution.id, config, distribution.tags, expect)
            .await
    }

    /// Deletes a distribution that is disabled, if the caller knows what it is.
    pub async fn delete(&self, id: &str, if_match: Option<&str>) -> Result<(), AwsError> {
        let found = self.get(id).await?;
        check_version(&found, if_match)?;
        if found.config.enabled {
            let message = "The distribution you are trying to delete has not been disabled.";
            return Err(AwsError::new("DistributionNotDisabled", 409, message));
        }
        self.remove(found).await
    }

    /// Deletes the distribution that was found, and what is remembered of its invalidations.
    pub async fn remove(&self, found: Found) -> Result<(), AwsError> {
        let id = &found.distribution.id;
        let mut batch = Batch::new().delete(self.key(id), Expect::Version(found.version));
        for invalidation in self.invalidation_records(id).await? {
            batch = batch.delete(invalidation.key, Expect::Anything);
        }
        self.commit(batch).await
    }

    async fn write(
        &self,
        id: String,
        config: DistributionConfig,
        tags: BTreeMap<String, String>,
        expect: Expect,
    ) -> Result<Found, AwsError> {
        let problems = self.compiler.check_distribution(self.scope, &id, &config);
        if !problems.is_empty() {
            let told: Vec<String> = problems
                .iter()
                .map(|problem| format!("{}: {}", problem.path, problem.message))
                .collect();
            return Err(invalid(told.join("; ")));
        }
        self.check_web_acl(&config.web_acl_id).await?;
        let sealed = self.vault.seal_json(&Distribution::purpose(&id), &config);
        let distribution = Distribution {
            etag: format!("E{}", self.entropy.upper_base32(13)),
            last_modified: self.clock.now(),
            sealed_config: sealed.map_err(|cause| AwsError::internal(cause.to_string()))?,
            tags,
            id,
        };
        let mut batch = Batch::new();
        batch.puts.push(Put {
            key: self.key(&distribution.id),
            body: encode(&distribution)?,
            expect,
            lookups: web_acl_lookup(&config),
            expires: None,
        });
        let committed = self.store.commit(batch).await.map_err(|error| match error {
            StoreError::Conflict { .. } => stale(),
            other => other.into(),
        })?;
        Ok(Found {
            distribution,
            config,
            version: committed.versions.first().copied().unwrap_or(1),
        })
    }

    /// A web ACL that is named must be there. While it is named, it is not deleted.
    async fn check_web_acl(&self, arn: &str) -> Result<(), AwsError> {
        if arn.is_empty() {
            return Ok(());
        }
        let waf = Waf {
            store: self.store,
            vault: self.vault,
            clock: self.clock,
            entropy: self.entropy,
            scope: self.scope,
        };
        match waf.by_arn::<WebAcl>(arn).await? {
            Some(found) if found.value.scope == WafScope::CloudFront => Ok(()),
            _ => {
                let message = format!("`{arn}` is not a web ACL with the scope `CLOUDFRONT`");
                Err(AwsError::new("InvalidWebACLId", 400, message))
            }
        }
    }

    async fn commit(&self, batch: Batch) -> Result<(), AwsError> {
        match self.store.commit(batch).await {
            Ok(_) => Ok(()),
            Err(StoreError::Conflict { .. }) => Err(stale()),
            Err(other) => Err(other.into()),
        }
    }

    fn open(&self, found: Versioned<Distribution>) -> Result<Found, AwsError> {
        let purpose = Distribution::purpose(&found.value.id);
        let config = self.vault.unseal_json(&purpose, &found.value.sealed_config);
        Ok(Found {
            config: config.map_err(|cause| AwsError::internal(cause.to_string()))?,
            distribution: found.value,
            version: found.version,
        })
    }

    /// Remembers an invalidation; true where it is new, and its paths are still to be dropped. A caller reference that has
    /// made one already returns it.
    pub async fn create_invalidation(
        &self,
        distribution: &str,
        caller_reference: String,
        paths: Vec<String>,
    ) -> Result<(Invalidation, bool), AwsError> {
        self.get(distribution).await?;
        check_paths(&caller_reference, &paths)?;
        let mut kept = self.invalidation_records(distribution).await?;
        let namesake = kept
            .iter()
            .find(|found| found.value.caller_reference == caller_reference);
        match namesake {
            Some(found) if found.value.paths == paths => return Ok((found.value.clone(), false)),
            Some(_) => {
                let message = "the caller reference belongs to another invalidation of this distribution";
                return Err(invalid(message));
            }
            None => {}
        }
        let invalidation = Invalidation {
            id: format!("I{}", self.entropy.upper_base32(13)),
            create_time: self.clock.now(),
            caller_reference,
            paths,
        };
        let key = self.invalidation_key(distribution, &invalidation.id);
        let mut batch = Batch::new().put(key, encode(&invalidation)?, Expect::Absent);
        kept.sort_by_key(|found| std::cmp::Reverse(found.value.create_time));
        for old in kept.into_iter().skip(INVALIDATIONS_KEPT_MAX - 1) {
            batch = batch.delete(old.key, Expect::Anything);
        }
        self.commit(batch).await?;
        Ok((invalidation, true))
    }

    /// Returns an invalidation.
    pub async fn invalidation(&self, distribution: &str, id: &str) -> Result<Invalidation, AwsError> {
        self.get(distribution).await?;
        let key = self.invalidation_key(distribution, id);
        let found = typed::read_json::<Invalidation>(self.store, &key).await?;
        Ok(found.ok_or_else(no_such_invalidation)?.value)
    }

    /// Returns what is remembered of a distribution's invalidations, the newest first.
    pub async fn invalidations(&self, distribution: &str) -> Result<Vec<Invalidation>, AwsError> {
        self.get(distribution).await?;
        let found = self.invalidation_records(distribution).await?;
        let mut all: Vec<Invalidation> = found.into_iter().map(|found| found.value).collect();
        all.sort_by(|one, other| (other.create_time, &other.id).cmp(&(one.create_time, &one.id)));
        Ok(all)
    }

    fn invalidation_key(&self, distribution: &str, id: &str) -> RecordKey {
        RecordKey::new(self.scope, INVALIDATION, format!("{distribution}/{id}"))
    }

    async fn invalidation_records(
        &self,
        distribution: &str,
    ) -> Result<Vec<Versioned<Invalidation>>, AwsError> {
        let page = Page::all(format!("{distribution}/"));
        Ok(typed::list_json(self.store, self.scope, INVALIDATION, page).await?)
    }
}

/// By which a web ACL learns what it guards.
fn web_acl_lookup(config: &DistributionConfig) -> Vec<Lookup> {
    let arn = Some(&config.web_acl_id).filter(|arn| !arn.is_empty());
    let lookup = arn.map(|arn| Lookup {
        name: BY_WEB_ACL,
        value: arn.clone(),
        unique: false,
    });
    lookup.into_iter().collect()
}

fn check_version(found: &Found, if_match: Option<&str>) -> Result<(), AwsError> {
    match if_match.map(|version| version.trim_matches('"')) {
        None | Some("") => Err(no_if_match()),
        Some(version) if version == found.distribution.etag => Ok(()),
        Some(_) => Err(stale()),
    }
}

fn check_paths(caller_reference: &str, paths: &[String]) -> Result<(), AwsError> {
    if caller_reference.is_empty() || caller_reference.len() > TEXT_CHARACTERS_MAX {
        return Err(invalid("`CallerReference` is required"));
    }
    if paths.is_empty() || paths.len() > PATHS_MAX {
        return Err(invalid(format!("`Paths` must have from 1 to {PATHS_MAX} items")));
    }
    for path in paths {
        let plain = path.bytes().all(|byte| byte.is_ascii_graphic());
        if !path.starts_with('/') || !plain || path.len() > TEXT_CHARACTERS_MAX {
            return Err(invalid(format!(
                "`{path}` is no path to invalidate: it begins with `/`, and a `*` stands at its end"
            )));
        }
        if path.trim_end_matches('*').contains('*') || path.ends_with("**") {
            return Err(invalid(format!(
                "`{path}`: a `*` may stand at the end alone, once"
            )));
        }
    }
    Ok(())
}

fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, AwsError> {
    serde_json::to_vec(value)
        .map_err(|cause| AwsError::internal(format!("a record cannot be written: {cause}")))
}
