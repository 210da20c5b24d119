//! What the operations do to web ACLs and sets; the operations and the resources of stacks share it.
//!
//! Every change needs the newest lock token, as on AWS. A web ACL's rules may hold a secret that only a request with the
//! right header knows, so its record is sealed.

pub mod association;
pub mod ip_set;
pub mod regex_pattern_set;
pub mod sets;
pub mod web_acl;

use std::collections::BTreeMap;

use portcullis_model::{Clock, Entropy, Scope, resources::wafv2::WafScope};
use portcullis_store::{Batch, Expect, Kind, Page, Put, Record, RecordKey, Store};
use portcullis_vault::Vault;
use serde::{Serialize, de::DeserializeOwned};

use super::{access, errors};
use crate::operation::AwsError;

/// The web ACLs and sets of one account and region, and what is needed to change them.
#[derive(Clone, Copy)]
pub struct Waf<'a> {
    pub store: &'a dyn Store,
    pub vault: &'a Vault,
    pub clock: &'a dyn Clock,
    pub entropy: &'a dyn Entropy,
    pub scope: &'a Scope,
}

/// A record as it was read, so that it is written back only if nobody else was first.
#[derive(Clone, Debug)]
pub struct Kept<T> {
    pub value: T,
    pub version: u64,
}

/// One page of a listing.
#[derive(Clone, Debug)]
pub struct Listed<T> {
    pub items: Vec<T>,
    /// Where the next page begins; none at the end.
    pub next: Option<String>,
}

/// What all three say of themselves.
pub struct Head<'a> {
    pub name: &'a str,
    pub id: &'a str,
    pub arn: &'a str,
    pub scope: WafScope,
    pub description: Option<&'a str>,
    pub lock_token: &'a str,
}

/// A web ACL, an IP set, a regex pattern set.
pub trait Entity: Serialize + DeserializeOwned + Send + Sync {
    const KIND: Kind;
    /// As ARNs write it.
    const WORD: &'static str;
    /// Of one scope, at most.
    const COUNT_MAX: usize;
    /// As messages call several of them.
    const PLURAL: &'static str;

    fn head(&self) -> Head<'_>;
    fn set_lock_token(&mut self, token: String);
    fn tags_mut(&mut self) -> &mut BTreeMap<String, String>;

    /// Returns the body of its record; an entity that may hold a secret seals it.
    fn encode(&self, _vault: &Vault) -> Result<Vec<u8>, AwsError> {
        plain(self)
    }

    /// Reads its record.
    fn decode(_vault: &Vault, record: &Record) -> Result<Self, AwsError> {
        parsed(record)
    }
}

/// Returns where a thing is kept: `{scope}/{id}`.
fn record_id(scope: WafScope, id: &str) -> String {
    format!("{}/{id}", scope.name())
}

impl Waf<'_> {
    /// Returns id and ARN for a new thing.
    fn identity<T: Entity>(&self, scope: WafScope, name: &str) -> (String, String) {
        let id = self.entropy.uuid();
        let arn = access::arn(self.scope, scope, T::WORD, name, &id);
        (id, arn)
    }

    fn key<T: Entity>(&self, scope: WafScope, id: &str) -> RecordKey {
        RecordKey::new(self.scope, T::KIND, record_id(scope, id))
    }

    /// Returns the thing of this scope, name and id.
    pub async fn get<T: Entity>(&self, scope: WafScope, name: &str, id: &str) -> Result<Kept<T>, AwsError> {
        let found = self.read::<T>(scope, id).await?;
        found
            .filter(|kept| kept.value.head().name == name)
            .ok_or_else(errors::nonexistent)
    }

    async fn read<T: Entity>(&self, scope: WafScope, id: &str) -> Result<Option<Kept<T>>, AwsError> {
        let record = self.store.read(&self.key::<T>(scope, id)).await;
        let record = record.map_err(|error| errors::from_store(&error))?;
        record
            .map(|record| {
                Ok(Kept {
                    value: T::decode(self.vault, &record)?,
                    version: record.version,
                })
            })
            .transpose()
    }

    /// Returns the thing of an ARN, if it is one of this account's.
    pub async fn by_arn<T: Entity>(&self, arn: &str) -> Result<Option<Kept<T>>, AwsError> {
        let Some((scope, id)) = parse_arn::<T>(arn) else {
            return Ok(None);
        };
        let found = self.read::<T>(scope, id).await?;
        Ok(found.filter(|kept| kept.value.head().arn == arn))
    }

    /// Writes a new thing.
    async fn put_new<T: Entity>(&self, new: &T) -> Result<(), AwsError> {
        let head = new.head();
        let page = Page::all(format!("{}/", head.scope.name()));
        let present = self.store.list(self.scope, T::KIND, page).await;
        let present = present.map_err(|error| errors::from_store(&error))?;
        if present.len() >= T::COUNT_MAX {
            return Err(errors::limit(T::PLURAL, T::COUNT_MAX));
        }
        self.commit(Batch::new().with(self.put(new, Expect::Absent)?))
            .await
    }

    /// Writes a changed thing, under a new lock token, if `token` is the newest.
    async fn put_changed<T: Entity>(
        &self,
        kept: &Kept<T>,
        token: Option<&str>,
        mut changed: T,
    ) -> Result<T, AwsError> {
        if token.is_some_and(|token| token != kept.value.head().lock_token) {
            return Err(errors::stale());
        }
        changed.set_lock_token(self.entropy.uuid());
        let put = self.put(&changed, Expect::Version(kept.version))?;
        self.commit(Batch::new().with(put)).await?;
        Ok(changed)
    }

    /// Deletes a thing that nothing uses any more.
    async fn delete_unused<T: Entity>(
        &self,
        kept: &Kept<T>,
        token: Option<&str>,
        users: Vec<String>,
    ) -> Result<(), AwsError> {
        let head = kept.value.head();
        if token.is_some_and(|token| token != head.lock_token) {
            return Err(errors::stale());
        }
        if !users.is_empty() {
            return Err(errors::associated(&users));
        }
        let key = self.key::<T>(head.scope, head.id);
        self.commit(Batch::new().delete(key, Expect::Version(kept.version)))
            .await
    }

    fn put<T: Entity>(&self, value: &T, expect: Expect) -> Result<Put, AwsError> {
        let head = value.head();
        let put = Put {
            key: self.key::<T>(head.scope, head.id),
            body: value.encode(self.vault)?,
            expect,
            lookups: Vec::new(),
            expires: None,
        };
        // Unique in the account's scope; a lookup knows no accounts.
        let name = format!(
            "{}/{}/{}/{}",
            self.scope.account,
            self.scope.region,
            head.scope.name(),
            head.name
        );
        Ok(put.unique("name", name))
    }

    /// Lists the things of a scope, from after `after` on.
    pub async fn list<T: Entity>(
        &self,
        scope: WafScope,
        after: Option<String>,
        limit: usize,
    ) -> Result<Listed<T>, AwsError> {
        let prefix = format!("{}/", scope.name());
        let page = Page {
            after: after.map(|id| format!("{prefix}{id}")),
            limit: limit.saturating_add(1),
            prefix,
        };
        let records = self.store.list(self.scope, T::KIND, page).await;
        let records = records.map_err(|error| errors::from_store(&error))?;
        let is_more = records.len() > limit;
        let items = records
            .iter()
            .take(limit)
            .map(|record| T::decode(self.vault, record))
            .collect::<Result<Vec<T>, AwsError>>()?;
        let next = items
            .last()
            .filter(|_| is_more)
            .map(|last| last.head().id.to_owned());
        Ok(Listed { items, next })
    }

    /// Changes the tags of a thing, which needs no lock token.
    pub async fn change_tags<T: Entity>(
        &self,
        kept: Kept<T>,
        change: impl FnOnce(&mut BTreeMap<String, String>) -> Result<(), AwsError>,
    ) -> Result<(), AwsError> {
        let Kept { mut value, version } = kept;
        change(value.tags_mut())?;
        let put = self.put(&value, Expect::Version(version))?;
        self.commit(Batch::new().with(put)).await
    }

    async fn commit(&self, batch: Batch) -> Result<(), AwsError> {
        let committed = self.store.commit(batch).await;
        committed.map(drop).map_err(|error| errors::from_store(&error))
    }
}

/// Returns scope and id of `arn:aws:wafv2:REGION:ACCOUNT:regional/WORD/NAME/ID`.
fn parse_arn<T: Entity>(arn: &str) -> Option<(WafScope, &str)> {
    let resource = arn.strip_prefix("arn:aws:wafv2:")?.splitn(3, ':').nth(2)?;
    let mut parts = resource.split('/');
    let (scope, word, _name, id) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let scope = [WafScope::CloudFront, WafScope::Regional]
        .into_iter()
        .find(|known| known.arn_word() == scope)?;
    (word == T::WORD && parts.next().is_none()).then_some((scope, id))
}

fn plain<T: Serialize>(value: &T) -> Result<Vec<u8>, AwsError> {
    serde_json::to_vec(value)
        .map_err(|cause| AwsError::internal(format!("a record cannot be written: {cause}")))
}

fn parsed<T: DeserializeOwned>(record: &Record) -> Result<T, AwsError> {
    serde_json::from_slice(&record.body).map_err(|cause| {
        AwsError::internal(format!(
            "the record `{}` cannot be read: {:?}",
            record.key,
            cause.classify()
        ))
    })
}
