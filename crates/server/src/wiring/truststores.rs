//! Truststores of custom domains, read again when their files change: a change counts within a second or two, without a
//! restart. What cannot be used leaves the one before in place, and is said in the log and in the domain's warnings.

use std::{collections::HashMap, sync::Arc, time::Duration};

use portcullis_control::{
    Control,
    services::apigateway::records::{
        domain_name::Domains,
        truststore::{Reread, TruststorePlace},
    },
};
use portcullis_model::{Scope, resources::custom_domains::DomainName};
use portcullis_store::{StoreError, kinds, typed};

use crate::buckets::{Buckets, Stamp};

/// How often files are looked at. A change must stand still for as long before it is read, so that no half of one counts.
const LOOKING: Duration = Duration::from_millis(500);

/// Looks after the truststores of all custom domains.
pub(super) struct TruststoreWatch {
    control: Control,
    buckets: Arc<Buckets>,
    /// The configuration that `watched` is made of.
    sequence: Option<u64>,
    watched: HashMap<(Scope, String), Watched>,
}

/// A domain's truststore.
struct Watched {
    place: TruststorePlace,
    /// What it looked like when it was last read; none: not read since the start.
    read: Option<Option<Stamp>>,
    /// What it looked like a moment ago.
    seen: Option<Stamp>,
}

impl TruststoreWatch {
    pub(super) fn new(control: Control, buckets: Arc<Buckets>) -> Self {
        Self {
            control,
            buckets,
            sequence: None,
            watched: HashMap::new(),
        }
    }

    /// Looks again and again.
    pub(super) async fn run(mut self) {
        let mut ticks = tokio::time::interval(LOOKING);
        loop {
            ticks.tick().await;
            if let Err(cause) = self.look().await {
                tracing::error!("truststores cannot be looked after: {cause}");
            }
        }
    }

    async fn look(&mut self) -> Result<(), StoreError> {
        let store = &self.control.parts().store;
        let sequence = store.sequence().await?;
        if self.sequence != Some(sequence) {
            let domains =
                typed::list_everywhere_json::<DomainName>(store.as_ref(), kinds::API_DOMAIN_NAME).await?;
            self.watch(domains.into_iter().map(|domain| (domain.key.scope, domain.value)));
            self.sequence = Some(sequence);
        }
        let mut changed = Vec::new();
        for (domain, watched) in &mut self.watched {
            let stamp = self.buckets.stamp(&watched.place.bucket, &watched.place.key);
            let stands_still = watched.seen == stamp;
            watched.seen = stamp;
            if stands_still && watched.read != Some(stamp) {
                changed.push((domain.clone(), stamp));
            }
        }
        for ((scope, name), stamp) in changed {
            if self.reread(&scope, &name).await
                && let Some(watched) = self.watched.get_mut(&(scope, name))
            {
                watched.read = Some(stamp);
            }
        }
        Ok(())
    }

    /// Watches what `domains` say, and goes on with what it knew of them.
    fn watch(&mut self, domains: impl Iterator<Item = (Scope, DomainName)>) {
        let mut known = std::mem::take(&mut self.watched);
        for (scope, domain) in domains {
            let Some(Ok(place)) = domain.mutual_tls.as_ref().map(TruststorePlace::of) else {
                continue;
            };
            let id = (scope, domain.domain_name);
            let watched = known.remove(&id).filter(|known| known.place == place);
            let fresh = Watched {
                seen: self.buckets.stamp(&place.bucket, &place.key),
                place,
                read: None,
            };
            self.watched.insert(id, watched.unwrap_or(fresh));
        }
    }

    /// Reads one again; tells whether that is done until its file changes.
    async fn reread(&self, scope: &Scope, name: &str) -> bool {
        let parts = self.control.parts();
        match Domains::of(parts, scope).reread_truststore(name).await {
            Ok(Reread::Same) => return true,
            Ok(Reread::Replaced { warnings }) => {
                tracing::info!(domain = name, "the truststore has changed: the new one counts");
                for warning in warnings {
                    tracing::warn!(domain = name, "the truststore: {warning}");
                }
            }
            Ok(Reread::Kept { cause }) => {
                tracing::error!(
                    domain = name,
                    "the truststore has changed and cannot be used, the one before stays: {cause}"
                );
            }
            // Somebody changed the domain at the same time, or it is gone: the next look will tell.
            Err(error) => {
                tracing::debug!(
                    domain = name,
                    "the truststore was not read again: {}",
                    error.message
                );
                return false;
            }
        }
        match parts.store.sequence().await {
            Ok(sequence) => parts.published.caught_up(sequence).await,
            Err(cause) => tracing::error!("the change log cannot be read: {cause}"),
        }
        true
    }
}
