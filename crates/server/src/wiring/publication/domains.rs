//! Custom domain names, each with its base path mappings.

use std::sync::Arc;

use portcullis_gateway::snapshot::{DomainSnapshot, Snapshots};
use portcullis_model::{
    Clock as _, Scope, SystemClock,
    resources::custom_domains::{BasePathMapping, DomainName},
};
use portcullis_store::{Kind, Page, RecordKey, Store, StoreError, kinds, typed};

use super::{Feed, Serving, log_problems};

pub(super) struct Domains {
    pub(super) store: Arc<dyn Store>,
    pub(super) snapshots: Arc<Snapshots>,
}

impl Domains {
    async fn serve(&self, scope: &Scope, domain: &DomainName) -> Result<(), StoreError> {
        let page = Page::all(format!("{}/", domain.domain_name));
        let store = self.store.as_ref();
        let mappings =
            typed::list_json::<BasePathMapping>(store, scope, kinds::API_BASE_PATH_MAPPING, page).await?;
        let mappings: Vec<_> = mappings.into_iter().map(|mapping| mapping.value).collect();
        match DomainSnapshot::compile(domain, &mappings, SystemClock.now()) {
            Ok(compiled) => self.snapshots.change(|snapshot| snapshot.with_domain(compiled)),
            Err(problems) => log_problems(&format!("custom domain {}", domain.domain_name), &problems),
        }
        Ok(())
    }
}

impl Feed for Domains {
    fn kinds(&self) -> &'static [Kind] {
        &[kinds::API_DOMAIN_NAME, kinds::API_BASE_PATH_MAPPING]
    }

    fn load(&self) -> Serving<'_> {
        Box::pin(async {
            let domains =
                typed::list_everywhere_json::<DomainName>(self.store.as_ref(), kinds::API_DOMAIN_NAME)
                    .await?;
            for domain in domains {
                self.serve(&domain.key.scope, &domain.value).await?;
            }
            Ok(())
        })
    }

    fn apply<'a>(&'a self, key: &'a RecordKey) -> Serving<'a> {
        Box::pin(async move {
            // A mapping's id starts with its domain's.
            let name = key.id.split('/').next().unwrap_or(&key.id);
            let of_domain = RecordKey::new(&key.scope, kinds::API_DOMAIN_NAME, name);
            match typed::read_json::<DomainName>(self.store.as_ref(), &of_domain).await? {
                Some(domain) => self.serve(&key.scope, &domain.value).await?,
                None => self.snapshots.change(|snapshot| snapshot.without_domain(name)),
            }
            Ok(())
        })
    }
}
