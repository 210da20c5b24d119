//! What API keys used: counted by the gateway, kept here, one record a day for each key of a plan.
//!
//! A quota is exact: a lease on it is on disk before a request of it is admitted, so a crash costs a key at most one lease and
//! never admits one request too many. A stop takes leases back and loses nothing. What `GetUsage` says of days is written
//! every second, of the keys that waited longest first; a crash loses what was counted since.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use anyhow::{Context, Result};
use portcullis_control::{
    ports::UsageCounters,
    services::apigateway::records::api_key::{api_key_hash, hash_of},
};
use portcullis_gateway::{
    ports::ApiKeyHashes,
    usage::{Usage, UsagePlans},
};
use portcullis_model::{
    Clock, Scope, SystemClock,
    resources::usage_plans::{DayOfUsage, Throttle, UsagePlanKey},
};
use portcullis_store::{Batch, Expect, Put, RecordKey, Store, StoreError, each_everywhere, kinds, typed};
use portcullis_vault::{KeyedHash, Vault, VaultError};
use tokio::sync::Mutex;

/// How often counts are written.
const KEEPING: Duration = Duration::from_secs(1);
/// How long a day of usage is kept, in days.
const KEPT_DAYS: i64 = 100;
/// Keys whose use is written at once; a million of them must keep neither the disk nor a core busy. The others wait.
const KEYS_PER_WRITING: usize = 500;
/// Records in one transaction.
const RECORDS_PER_BATCH: usize = 500;
const SECONDS_A_DAY: i64 = 86_400;

/// The hash by which keys are found.
pub(super) struct KeyHashes(KeyedHash);

impl KeyHashes {
    pub(super) fn new(vault: &Vault) -> Result<Self, VaultError> {
        Ok(Self(api_key_hash(vault)?))
    }
}

impl ApiKeyHashes for KeyHashes {
    fn hash(&self, scope: &Scope, value: &[u8]) -> [u8; 32] {
        hash_of(&self.0, scope, value)
    }
}

/// Writes what the gateway counts.
pub(super) struct UsageKeeper {
    store: Arc<dyn Store>,
    index: Arc<UsagePlans>,
    clock: Arc<dyn Clock>,
    /// One writing at a time, so that an older count never follows a newer one.
    writing: Mutex<()>,
}

impl UsageKeeper {
    /// Returns a keeper of what `index` counts, which goes on with what an earlier process counted.
    pub(super) async fn open(store: &Arc<dyn Store>, index: &Arc<UsagePlans>) -> Result<Arc<Self>> {
        let keeper = Self {
            store: Arc::clone(store),
            index: Arc::clone(index),
            clock: Arc::new(SystemClock),
            writing: Mutex::default(),
        };
        keeper
            .load()
            .await
            .context("the use of API keys cannot be read")?;
        Ok(Arc::new(keeper))
    }

    async fn load(&self) -> Result<(), StoreError> {
        each_everywhere(self.store.as_ref(), kinds::USAGE, |record| {
            let day = typed::parse_record::<DayOfUsage>(record)?;
            let pair = day.key.id.rsplit_once('/').map(|(pair, _)| pair);
            if let Some((plan_id, key_id)) = pair.and_then(|pair| pair.split_once('/')) {
                self.index.restore(&[Usage {
                    scope: day.key.scope.clone(),
                    plan_id: plan_id.to_owned(),
                    key_id: key_id.to_owned(),
                    day: day.value,
                }]);
            }
            Ok(())
        })
        .await
    }

    /// Writes what changed since the last writing, of some keys. What cannot be written waits for the next. Returns whether
    /// there was something, and all of it was written.
    async fn write(&self, keys_max: usize) -> bool {
        let _one_at_a_time = self.writing.lock().await;
        let changes = self.index.take_changes(self.clock.now(), keys_max);
        let mut is_written = !changes.is_empty();
        for some in changes.chunks(RECORDS_PER_BATCH) {
            if let Err(cause) = self.commit(some).await {
                tracing::error!("the use of API keys cannot be written: {cause}");
                self.index.not_kept(some);
                is_written = false;
            }
        }
        is_written
    }

    /// Writes everything, with leases taken back; nobody counts any more.
    pub(super) async fn close(&self) {
        self.index.settle();
        while self.write(KEYS_PER_WRITING).await {}
    }

    /// Writes the leases that requests wait for, and lets them go on.
    async fn lease(&self) {
        let _one_at_a_time = self.writing.lock().await;
        let leases = self.index.make_leases(self.clock.now());
        for some in leases.usage.chunks(RECORDS_PER_BATCH) {
            if let Err(cause) = self.commit(some).await {
                tracing::error!("leases on quotas cannot be written: {cause}");
                return leases.fail();
            }
        }
        leases.grant();
    }

    /// Leaves a key `remaining` requests of its quota; on disk when this returns.
    async fn set_remaining(
        &self,
        scope: &Scope,
        pair: &UsagePlanKey,
        remaining: u32,
    ) -> Result<(), StoreError> {
        let _one_at_a_time = self.writing.lock().await;
        let now = self.clock.now();
        match self.index.set_remaining(scope, pair, remaining, now) {
            Some(usage) => self.commit(&[usage]).await,
            None => Ok(()),
        }
    }

    async fn commit(&self, changes: &[Usage]) -> Result<(), StoreError> {
        let mut batch = Batch::new();
        let expires = self.clock.now().plus_seconds(KEPT_DAYS * SECONDS_A_DAY);
        for usage in changes {
            let id = format!("{}/{}/{:010}", usage.plan_id, usage.key_id, usage.day.day);
            let key = RecordKey::new(&usage.scope, kinds::USAGE, id);
            batch = batch.with(Put::json(key, &usage.day, Expect::Anything)?.expires(expires));
        }
        self.store.commit(batch).await.map(drop)
    }

    /// Writes leases as they are asked for, and the rest now and then, for as long as the process runs.
    pub(super) async fn run(self: Arc<Self>) {
        let mut ticks = tokio::time::interval(KEEPING);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = self.index.lease_wanted() => self.lease().await,
                _ = ticks.tick() => drop(self.write(KEYS_PER_WRITING).await),
            }
        }
    }
}

/// The counters, as control asks for them.
pub(super) struct Counters {
    pub(super) keeper: Arc<UsageKeeper>,
    pub(super) account_throttle: Throttle,
}

impl UsageCounters for Counters {
    fn keys(&self, scope: &Scope) -> usize {
        self.keeper.index.key_count(scope)
    }

    fn account_throttle(&self) -> Throttle {
        self.account_throttle
    }

    fn used(&self, scope: &Scope, pair: &UsagePlanKey) -> Vec<DayOfUsage> {
        self.keeper.index.used(scope, pair, self.keeper.clock.now())
    }

    fn set_remaining<'a>(
        &'a self,
        scope: &'a Scope,
        pair: &'a UsagePlanKey,
        remaining: u32,
    ) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>> {
        Box::pin(async move {
            let set = self.keeper.set_remaining(scope, pair, remaining).await;
            set.map_err(|cause| cause.to_string())
        })
    }
}
