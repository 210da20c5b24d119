//! What the operations do to the records of REST APIs; the operations and the resources of stacks share it.
//!
//! Each noun has its settings (what a caller may choose, in AWS's spelling), a check of them, and the writes. An
//! update is a new set of settings, whether patch operations or a template made it.

pub mod account;
pub mod api_key;
mod api_key_file;
mod api_key_ids;
pub mod api_key_import;
pub mod authorizer;
pub mod base_path_mapping;
pub mod canary;
pub mod client_certificate;
pub mod deployment;
pub mod domain_name;
pub mod gateway_response;
pub mod import;
pub mod integration;
pub mod integration_response;
pub mod method;
pub mod method_response;
pub mod model;
pub mod request_validator;
pub mod resource;
pub mod resource_policy;
pub mod rest_api;
pub mod method_setting;
pub mod stage;
pub mod test_call;
pub mod truststore;
pub mod usage;
pub mod usage_plan;
pub mod usage_plan_settings;
pub mod vpc_link;

use portcullis_model::{ApiId, Clock, Entropy, Scope};
use portcullis_store::{Batch, Expect, Kind, Page, RecordKey, Store};
use serde::{Serialize, de::DeserializeOwned};

use super::errors::{bad_request, from_store, not_found};
use crate::{ControlParts, operation::AwsError, ports::Compiler};

/// The REST APIs of one account and region, and what is needed to change them.
#[derive(Clone, Copy)]
pub struct Apis<'a> {
    pub store: &'a dyn Store,
    pub scope: &'a Scope,
    pub clock: &'a dyn Clock,
    pub entropy: &'a dyn Entropy,
    pub compiler: &'a dyn Compiler,
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
    pub position: Option<String>,
}

/// Items on a page unless the caller says otherwise, as AWS.
const PAGE_ITEMS_DEFAULT: usize = 25;
/// Items on a page at most, as AWS.
const PAGE_ITEMS_MAX: usize = 500;

/// Which page the caller wants.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    pub position: Option<String>,
    pub limit: Option<usize>,
}

impl Wanted {
    /// Returns how many items the page holds at most.
    fn limit(&self) -> usize {
        self.limit.unwrap_or(PAGE_ITEMS_DEFAULT).clamp(1, PAGE_ITEMS_MAX)
    }
}

impl<'a> Apis<'a> {
    /// Returns the APIs of `scope`.
    pub fn of(parts: &'a ControlParts, scope: &'a Scope) -> Self {
        Self {
            store: parts.store.as_ref(),
            scope,
            clock: parts.clock.as_ref(),
            entropy: parts.entropy.as_ref(),
            compiler: parts.compiler.as_ref(),
        }
    }

    pub(in crate::services) fn key(&self, kind: Kind, id: impl Into<String>) -> RecordKey {
        RecordKey::new(self.scope, kind, id)
    }

    pub(in crate::services) async fn find<T: DeserializeOwned>(
        &self,
        kind: Kind,
        id: impl Into<String>,
    ) -> Result<Option<Kept<T>>, AwsError> {
        let key = self.key(kind, id);
        let record = self.store.read(&key).await.map_err(|error| from_store(&error))?;
        record.map(|record| decode(&record)).transpose()
    }

    pub(in crate::services) async fn all<T: DeserializeOwned>(
        &self,
        kind: Kind,
        api: &ApiId,
    ) -> Result<Vec<T>, AwsError> {
        let kept = self.all_kept(kind, api).await?;
        Ok(kept.into_iter().map(|kept| kept.value).collect())
    }

    /// Returns all of one kind of an API, with what the next write of each expects.
    pub(in crate::services) async fn all_kept<T: DeserializeOwned>(
        &self,
        kind: Kind,
        api: &ApiId,
    ) -> Result<Vec<Kept<T>>, AwsError> {
        self.kept_under(kind, &format!("{api}/")).await
    }

    /// Returns everything whose id begins with `prefix`, in the order of ids.
    pub(in crate::services) async fn all_of<T: DeserializeOwned>(
        &self,
        kind: Kind,
        prefix: &str,
    ) -> Result<Vec<T>, AwsError> {
        let kept = self.kept_under(kind, prefix).await?;
        Ok(kept.into_iter().map(|kept| kept.value).collect())
    }

    async fn kept_under<T: DeserializeOwned>(
        &self,
        kind: Kind,
        prefix: &str,
    ) -> Result<Vec<Kept<T>>, AwsError> {
        let page = Page::all(prefix);
        let records = self
            .store
            .list(self.scope, kind, page)
            .await
            .map_err(|error| from_store(&error))?;
        records.iter().map(decode).collect()
    }

    /// Lists what stands under `prefix`, from after the position on.
    pub(in crate::services) async fn page<T: DeserializeOwned>(
        &self,
        kind: Kind,
        prefix: &str,
        wanted: &Wanted,
    ) -> Result<Listed<T>, AwsError> {
        let limit = wanted.limit();
        let page = Page {
            prefix: prefix.to_owned(),
            after: wanted
                .position
                .as_ref()
                .map(|position| format!("{prefix}{position}")),
            limit: limit + 1,
        };
        let records = self
            .store
            .list(self.scope, kind, page)
            .await
            .map_err(|error| from_store(&error))?;
        let position = (records.len() > limit)
            .then(|| records.get(limit - 1))
            .flatten()
            .and_then(|last| last.key.id.strip_prefix(prefix))
            .map(str::to_owned);
        let items = records
            .iter()
            .take(limit)
            .map(|record| Ok(decode(record)?.value))
            .collect::<Result<_, AwsError>>()?;
        Ok(Listed { items, position })
    }

    /// Writes one record.
    pub(in crate::services) async fn put<T: Serialize>(
        &self,
        kind: Kind,
        id: impl Into<String>,
        value: &T,
        expect: Expect,
    ) -> Result<(), AwsError> {
        let batch = Batch::new().put(self.key(kind, id), encode(value)?, expect);
        self.commit(batch).await
    }

    pub(in crate::services) async fn remove(
        &self,
        kind: Kind,
        id: impl Into<String>,
        version: u64,
    ) -> Result<(), AwsError> {
        let batch = Batch::new().delete(self.key(kind, id), Expect::Version(version));
        self.commit(batch).await
    }

    pub(in crate::services) async fn commit(&self, batch: Batch) -> Result<(), AwsError> {
        let committed = self.store.commit(batch).await;
        committed.map(drop).map_err(|error| from_store(&error))
    }

    /// Says which API a caller named wrongly, in AWS's words.
    pub(in crate::services) fn unknown_api(&self, api: &ApiId) -> AwsError {
        not_found(format!(
            "Invalid API identifier specified {}:{api}",
            self.scope.account
        ))
    }
}

/// Writes a value as a record's body.
pub(in crate::services) fn encode<T: Serialize>(value: &T) -> Result<Vec<u8>, AwsError> {
    serde_json::to_vec(value)
        .map_err(|cause| AwsError::internal(format!("a record cannot be written: {cause}")))
}

fn decode<T: DeserializeOwned>(record: &portcullis_store::Record) -> Result<Kept<T>, AwsError> {
    let value = serde_json::from_slice(&record.body).map_err(|cause| {
        let message = format!("the record `{}` cannot be read: {cause}", record.key);
        AwsError::internal(message)
    })?;
    Ok(Kept {
        value,
        version: record.version,
    })
}

/// Refuses an HTTP method that API Gateway does not know.
pub(super) fn check_http_method(method: &str) -> Result<(), AwsError> {
    const METHODS: [&str; 8] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY"];
    if METHODS.contains(&method) {
        return Ok(());
    }
    Err(bad_request(
        "Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY",
    ))
}

/// Refuses what is not a status code of three digits.
pub(super) fn check_status_code(status: &str) -> Result<(), AwsError> {
    let plausible = status.len() == 3
        && status.starts_with(|first: char| ('1'..='5').contains(&first))
        && status.bytes().all(|byte| byte.is_ascii_digit());
    if plausible {
        Ok(())
    } else {
        Err(bad_request(format!("Invalid status code specified: {status}")))
    }
}
