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
use portcullis_store::{Kind, RecordKey, Store, StoreError, kinds, typed};
use portcullis_vault::Vault;

use super::{Feed, Serving, log_problems};

pub(super) struct Distributions {
    pub(super) store: Arc<dyn Store>,
    pub(super) vault: Arc<Vault>,
    pub(super) snapshots: Arc<Snapshots>,
    pub(super) cache: Arc<DistributionCache>,
}

impl Distributions {
    fn serve(&self, scope: &Scope, distribution: &Distribution) -> Result<(), StoreError> {
        let id = distribution.id.as_str();
        let purpose = Distribution::purpose(id);
        let config: DistributionConfig = self
            .vault
            .unseal_json(&purpose, &distribution.sealed_config)
            .map_err(|cause| StoreError::Failed(cause.to_string()))?;
        match DistributionSnapshot::compile(scope, id, &config, self.snapshots.take().hosts()) {
            Ok(compiled) => self
                .snapshots
                .change(|snapshot| snapshot.with_distribution(compiled)),
            Err(problems) => log_problems(&format!("distribution {id}"), &problems),
        }
        Ok(())
    }
}

impl Feed for Distributions {
    fn kinds(&self) -> &'static [Kind] {
        &[kinds::DISTRIBUTION]
    }

    fn load(&self) -> Serving<'_> {
        Box::pin(async {
            let all =
                typed::list_everywhere_json::<Distribution>(self.store.as_ref(), kinds::DISTRIBUTION).await?;
            for distribution in all {
                self.serve(&distribution.key.scope, &distribution.value)?;
            }
            Ok(())
        })
    }

    fn apply<'a>(&'a self, key: &'a RecordKey) -> Serving<'a> {
        Box::pin(async move {
            match typed::read_json::<Distribution>(self.store.as_ref(), key).await? {
                Some(distribution) => self.serve(&key.scope, &distribution.value)?,
                None => {
                    let id = key.id.as_str();
                    self.snapshots
                        .change(|snapshot| snapshot.without_distribution(id));
                    self.cache.forget(id);
                }
            }
            Ok(())
        })
    }
}
