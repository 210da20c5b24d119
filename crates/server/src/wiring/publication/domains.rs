//! Custom domain names, each with its base path mappings and its certificate.

use std::sync::Arc;

use portcullis_gateway::{
    edge::certified_key,
    snapshot::{DomainSnapshot, Snapshots},
};
use portcullis_model::{
    Clock as _, Problem, Scope, SystemClock,
    resources::{
        acm::{AcmCertificate, id_of_arn, key_purpose},
        custom_domains::{BasePathMapping, DomainName},
    },
};
use portcullis_store::{Kind, Page, RecordKey, Store, StoreError, kinds, typed};
use portcullis_vault::Vault;

use super::{Feed, Serving, log_problems};

pub(super) struct Domains {
    pub(super) store: Arc<dyn Store>,
    pub(super) vault: Arc<Vault>,
    pub(super) snapshots: Arc<Snapshots>,
}

impl Domains {
    async fn serve(&self, scope: &Scope, domain: &DomainName) -> Result<(), StoreError> {
        let page = Page::all(format!("{}/", domain.domain_name));
        let store = self.store.as_ref();
        let mappings =
            typed::list_json::<BasePathMapping>(store, scope, kinds::API_BASE_PATH_MAPPING, page).await?;
        let mappings: Vec<_> = mappings.into_iter().map(|mapping| mapping.value).collect();
        let compiled = match DomainSnapshot::compile(domain, &mappings, SystemClock.now()) {
            Ok(compiled) => self.certify(scope, domain, compiled).await?,
            Err(problems) => Err(problems),
        };
        match compiled {
            Ok(compiled) => self.snapshots.change(|snapshot| snapshot.with_domain(compiled)),
            Err(problems) => log_problems(&format!("custom domain {}", domain.domain_name), &problems),
        }
        Ok(())
    }

    /// Gives a domain the certificate that it refers to, if it is there and issued.
    async fn certify(
        &self,
        scope: &Scope,
        domain: &DomainName,
        compiled: DomainSnapshot,
    ) -> Result<Result<DomainSnapshot, Vec<Problem>>, StoreError> {
        let Some(id) = domain.certificate().and_then(|arn| id_of_arn(arn, scope)) else {
            return Ok(Ok(compiled));
        };
        let key = RecordKey::new(scope, kinds::ACM_CERTIFICATE, id);
        let found = typed::read_json::<AcmCertificate>(self.store.as_ref(), &key).await?;
        let found = found.map(|found| found.value);
        let Some((chain, issued)) = found
            .as_ref()
            .and_then(|it| Some((it.whole_chain()?, it.issued.as_ref()?)))
        else {
            return Ok(Ok(compiled));
        };
        let private_key = self
            .vault
            .unseal_text(&key_purpose(scope, id), &issued.private_key);
        let certified = private_key
            .map_err(|cause| cause.to_string())
            .and_then(|private_key| certified_key(&chain, &private_key).map_err(|cause| cause.to_string()));
        Ok(certified
            .map(|certified| compiled.with_certificate(certified))
            .map_err(|cause| vec![Problem::error(None, "certificate", cause)]))
    }

    /// Serves the domains that are served with a certificate.
    async fn serve_with(&self, scope: &Scope, certificate: &str) -> Result<(), StoreError> {
        let page = Page::all("");
        let store = self.store.as_ref();
        for domain in typed::list_json::<DomainName>(store, scope, kinds::API_DOMAIN_NAME, page).await? {
            if domain.value.certificate().and_then(|arn| id_of_arn(arn, scope)) == Some(certificate) {
                self.serve(scope, &domain.value).await?;
            }
        }
        Ok(())
    }
}

impl Feed for Domains {
    fn kinds(&self) -> &'static [Kind] {
        &[
            kinds::API_DOMAIN_NAME,
            kinds::API_BASE_PATH_MAPPING,
            kinds::ACM_CERTIFICATE,
        ]
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
            if key.kind == kinds::ACM_CERTIFICATE {
                return self.serve_with(&key.scope, &key.id).await;
            }
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
