//! Distributions. What one keeps of its origins' answers stays when it changes, and goes when it goes.

use std::sync::Arc;

use portcullis_gateway::{
    distribution::{cache::DistributionCache, snapshot::DistributionSnapshot},
    snapshot::Snapshots,
};
use portcullis_model::{
    Scope,
    resources::cloudfront::{Distribution, DistributionConfig},
};
use portcullis_store::{Kind, RecordKey, Store, kinds};
use portcullis_vault::Vault;

use super::{RecordFeed, Serving, log_problems};

pub(super) struct Distributions {
    pub(super) store: Arc<dyn Store>,
    pub(super) vault: Arc<Vault>,
    pub(super) snapshots: Arc<Snapshots>,
    pub(super) cache: Arc<DistributionCache>,
}

impl Distributions {
    /// One that cannot be opened keeps what was served of it, and must not hold up the changes of others.
    fn compile(&self, scope: &Scope, distribution: &Distribution) {
        let id = distribution.id.as_str();
        let purpose = Distribution::purpose(id);
        let opened = self
            .vault
            .unseal_json::<DistributionConfig>(&purpose, &distribution.sealed_config);
        let config = match opened {
            Ok(config) => config,
            Err(cause) => {
                tracing::error!(distribution = id, "the distribution cannot be opened: {cause}");
                return;
            }
        };
        match DistributionSnapshot::compile(scope, id, &config, self.snapshots.take().hosts()) {
            Ok(compiled) => self
                .snapshots
                .change(|snapshot| snapshot.with_distribution(compiled)),
            Err(problems) => log_problems(&format!("distribution {id}"), &problems),
        }
    }
}

impl RecordFeed for Distributions {
    type Record = Distribution;
    const KIND: Kind = kinds::DISTRIBUTION;

    fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    fn serve<'a>(&'a self, scope: &'a Scope, distribution: &'a Distribution) -> Serving<'a> {
        self.compile(scope, distribution);
        Box::pin(async { Ok(()) })
    }

    fn forget(&self, key: &RecordKey) {
        let id = key.id.as_str();
        self.snapshots
            .change(|snapshot| snapshot.without_distribution(id));
        self.cache.forget(id);
    }
}
