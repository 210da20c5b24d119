//! From the change log to the snapshot. Whoever waits for a change brings the snapshot up to it; a configuration that
//! does not compile leaves the last good one serving.
//!
//! Each file is a [`Feed`]: one kind of thing that the gateway serves, and the records that it is compiled from.

mod callers;
mod compiler;
mod events;
mod functions;
mod domains;
mod distributions;
mod http_stages;
mod pools;
mod stages;
mod web_acls;
mod usage_plans;

use std::{future::Future, pin::Pin, sync::Arc};

use anyhow::Result;
use portcullis_control::ports::Published;
use portcullis_events::Events;
use portcullis_gateway::{
    Callers,
    distribution::cache::DistributionCache,
    snapshot::{Snapshots, stage_tags::ObservedStages},
    usage::UsagePlans,
};
use portcullis_identity::IssuerForm;
use portcullis_model::{Problem, Scope};
use portcullis_store::{Change, Kind, RecordKey, Store, StoreError, typed};
use portcullis_vault::Vault;
use serde::de::DeserializeOwned;
use tokio::sync::Mutex;

pub(super) use compiler::GatewayCompiler;
pub(super) use stages::backend_certificate;

use super::functions::ServerFunctions;

/// Changes read at once.
const CHANGES_MAX: usize = 1_000;

/// What a feed says when it has served something.
type Serving<'a> = Pin<Box<dyn Future<Output = Result<(), StoreError>> + Send + 'a>>;

/// Brings one kind of thing from the store to the gateway.
trait Feed: Send + Sync {
    /// Returns the kinds of records whose changes it must hear of.
    fn kinds(&self) -> &'static [Kind];

    /// Serves everything that is there.
    fn load(&self) -> Serving<'_>;

    /// Serves what a changed record says now, or stops serving what is gone.
    fn apply<'a>(&'a self, key: &'a RecordKey) -> Serving<'a>;
}

/// A [`Feed`] over one kind of JSON record, each served by itself.
trait RecordFeed: Send + Sync {
    type Record: DeserializeOwned + Send + Sync;
    const KIND: Kind;

    fn store(&self) -> &dyn Store;

    /// Serves what a record says.
    fn serve<'a>(&'a self, scope: &'a Scope, record: &'a Self::Record) -> Serving<'a>;

    /// Stops serving what is gone.
    fn forget(&self, key: &RecordKey);
}

impl<T: RecordFeed> Feed for T {
    fn kinds(&self) -> &'static [Kind] {
        const { &[T::KIND] }
    }

    fn load(&self) -> Serving<'_> {
        Box::pin(async {
            for found in typed::list_everywhere_json::<T::Record>(self.store(), T::KIND).await? {
                self.serve(&found.key.scope, &found.value).await?;
            }
            Ok(())
        })
    }

    fn apply<'a>(&'a self, key: &'a RecordKey) -> Serving<'a> {
        Box::pin(async move {
            match typed::read_json::<T::Record>(self.store(), key).await? {
                Some(found) => self.serve(&key.scope, &found.value).await?,
                None => self.forget(key),
            }
            Ok(())
        })
    }
}

/// Keeps the snapshot at the newest configuration.
pub(super) struct Publication {
    store: Arc<dyn Store>,
    /// In the order in which they are loaded: what others refer to comes first.
    feeds: Vec<Box<dyn Feed>>,
    /// The sequence up to which the snapshot is current.
    applied: Mutex<u64>,
}

/// What feeds read and what they serve to.
pub(super) struct Sources {
    pub(super) store: Arc<dyn Store>,
    pub(super) vault: Arc<Vault>,
    pub(super) snapshots: Arc<Snapshots>,
    pub(super) callers: Arc<Callers>,
    pub(super) distribution_cache: Arc<DistributionCache>,
    pub(super) usage: Arc<UsagePlans>,
    pub(super) issuer: IssuerForm,
    pub(super) events: Arc<Events>,
    pub(super) functions: ServerFunctions,
    pub(super) observed: ObservedStages,
}

impl Publication {
    pub(super) fn new(sources: Sources) -> Self {
        let Sources {
            store,
            vault,
            snapshots,
            callers,
            distribution_cache,
            usage,
            issuer,
            events,
            functions,
            observed,
        } = sources;
        Self {
            feeds: vec![
                Box::new(callers::CallersFeed {
                    store: Arc::clone(&store),
                    vault: Arc::clone(&vault),
                    callers,
                }),
                Box::new(functions::FunctionsFeed {
                    store: Arc::clone(&store),
                    vault: Arc::clone(&vault),
                    functions,
                }),
                Box::new(events::EventBuses(events)),
                Box::new(pools::Pools {
                    store: Arc::clone(&store),
                    snapshots: Arc::clone(&snapshots),
                    issuer,
                }),
                Box::new(web_acls::WebAcls {
                    store: Arc::clone(&store),
                    vault: Arc::clone(&vault),
                    snapshots: Arc::clone(&snapshots),
                }),
                Box::new(stages::Stages {
                    store: Arc::clone(&store),
                    vault: Arc::clone(&vault),
                    snapshots: Arc::clone(&snapshots),
                    observed: observed.clone(),
                }),
                Box::new(http_stages::HttpStages {
                    store: Arc::clone(&store),
                    snapshots: Arc::clone(&snapshots),
                    observed,
                }),
                Box::new(domains::Domains {
                    store: Arc::clone(&store),
                    vault: Arc::clone(&vault),
                    snapshots: Arc::clone(&snapshots),
                }),
                Box::new(distributions::Distributions {
                    store: Arc::clone(&store),
                    vault,
                    snapshots,
                    cache: distribution_cache,
                }),
                Box::new(usage_plans::UsagePlans {
                    store: Arc::clone(&store),
                    index: usage,
                }),
            ],
            store,
            applied: Mutex::new(0),
        }
    }

    /// Compiles everything that is there.
    pub(super) async fn load(&self) -> Result<()> {
        let mut applied = self.applied.lock().await;
        let sequence = self.store.sequence().await?;
        for feed in &self.feeds {
            feed.load().await?;
        }
        *applied = sequence;
        Ok(())
    }

    async fn catch_up(&self, sequence: u64) -> Result<(), StoreError> {
        let mut applied = self.applied.lock().await;
        while *applied < sequence {
            let changes = self.store.changes_since(*applied, CHANGES_MAX).await?;
            let Some(last) = changes.last().map(|change| change.sequence) else {
                // The log was shortened below us: what it said is in the records.
                *applied = sequence;
                break;
            };
            // Feed by feed, not change by change: a stage that is made together with what guards it must not be served
            // without it for a moment.
            for feed in &self.feeds {
                apply(feed.as_ref(), &changes).await?;
            }
            *applied = last;
        }
        Ok(())
    }
}

/// Lets a feed serve what the changed records that it must hear of say now.
async fn apply(feed: &dyn Feed, changes: &[Change]) -> Result<(), StoreError> {
    for change in changes {
        if feed.kinds().contains(&change.key.kind) {
            feed.apply(&change.key).await?;
        }
    }
    Ok(())
}

impl Published for Publication {
    fn caught_up(&self, sequence: u64) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            if let Err(cause) = self.catch_up(sequence).await {
                tracing::error!("changes of the configuration cannot be read: {cause}");
            }
        })
    }
}

fn log_problems(what: &str, problems: &[Problem]) {
    for problem in problems {
        tracing::error!("{what} keeps its last good configuration: {problem}");
    }
}
