//! A delivery as it waits in the store: what is sent is sealed, the rest says where and when.

use portcullis_model::{Scope, SecretBytes, Timestamp, resources::events::RetryPolicy};
use portcullis_store::{Batch, Expect, Put, RecordKey, Store, StoreError, kinds, typed};
use portcullis_vault::{Vault, VaultError};
use serde::{Deserialize, Serialize};

/// Seconds after the end of its retries at which a delivery that nobody removed vanishes.
const FORGOTTEN_SECONDS: i64 = 3_600;

/// An event on its way to one target.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Waiting {
    pub(crate) scope: Scope,
    /// The consumer sees it as `webhook-id`, the same at every attempt.
    pub(crate) id: String,
    pub(crate) bus: String,
    pub(crate) rule: String,
    pub(crate) target: String,
    pub(crate) destination_arn: String,
    /// In whose name it is sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) role_arn: Option<String>,
    pub(crate) accepted: Timestamp,
    pub(crate) retry: RetryPolicy,
    /// Made so far.
    pub(crate) attempts: u32,
    /// When the next one is due.
    pub(crate) next: Timestamp,
    pub(crate) sealed: String,
}

impl Waiting {
    /// What the envelope of a delivery is bound to.
    pub(crate) fn purpose(scope: &Scope, id: &str) -> String {
        format!("events/delivery/{}/{}/{id}", scope.account, scope.region)
    }

    /// Returns what is sent.
    pub(crate) fn body(&self, vault: &Vault) -> Result<SecretBytes, VaultError> {
        vault.unseal(&Self::purpose(&self.scope, &self.id), &self.sealed)
    }

    /// Returns when it is given up.
    pub(crate) fn deadline(&self) -> Timestamp {
        self.accepted
            .plus_seconds(i64::from(self.retry.maximum_event_age_in_seconds))
    }

    pub(crate) fn key(&self) -> RecordKey {
        RecordKey::new(&self.scope, kinds::EVENT_DELIVERY, self.id.as_str())
    }

    pub(crate) fn put(&self, expect: Expect) -> Result<Put, StoreError> {
        Ok(Put::json(self.key(), self, expect)?.expires(self.deadline().plus_seconds(FORGOTTEN_SECONDS)))
    }

    /// Writes down what an attempt changed.
    pub(crate) async fn save(&self, store: &dyn Store) -> Result<(), StoreError> {
        store
            .commit(Batch::new().with(self.put(Expect::Anything)?))
            .await?;
        Ok(())
    }

    /// Removes it.
    pub(crate) async fn remove(&self, store: &dyn Store) -> Result<(), StoreError> {
        store
            .commit(Batch::new().delete(self.key(), Expect::Anything))
            .await?;
        Ok(())
    }

    /// Returns everything that waits.
    pub(crate) async fn read_all(store: &dyn Store) -> Result<Vec<Self>, StoreError> {
        let found = typed::list_everywhere_json::<Self>(store, kinds::EVENT_DELIVERY).await?;
        Ok(found.into_iter().map(|found| found.value).collect())
    }
}
