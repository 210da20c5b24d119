//! Certificates that were asked for: issued as soon as somebody can, and renewed when two thirds of their time are over. What
//! fails is tried again after longer and longer, and the certificate before goes on serving.

use std::{collections::HashMap, sync::Arc, time::Duration};

use portcullis_control::{Control, ports::IssuedPem, services::acm::records::Certificates};
use portcullis_model::{
    Clock as _, Scope, SystemClock, Timestamp,
    resources::acm::{AcmCertificate, Origin},
};
use portcullis_store::{StoreError, kinds, typed};

use super::Issuer;

/// How often is looked what is due.
const LOOKING: Duration = Duration::from_secs(1);
/// How long after a first failure is tried again; twice as long after each further one.
const FIRST_WAIT_SECONDS: i64 = 120;
const LONGEST_WAIT_SECONDS: i64 = 12 * 3_600;

/// Looks after the certificates that were asked for.
pub(super) struct Renewal {
    control: Control,
    issuer: Arc<dyn Issuer>,
    sequence: Option<u64>,
    requested: Vec<(Scope, AcmCertificate)>,
    failures: HashMap<String, Failures>,
}

/// How often it failed, and when it is tried again.
#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    until: Timestamp,
}

impl Renewal {
    pub(super) fn new(control: Control, issuer: Arc<dyn Issuer>) -> Self {
        Self {
            control,
            issuer,
            sequence: None,
            requested: Vec::new(),
            failures: HashMap::new(),
        }
    }

    /// Looks again and again.
    pub(super) async fn run(mut self) {
        let mut ticks = tokio::time::interval(LOOKING);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            ticks.tick().await;
            if let Err(cause) = self.look().await {
                tracing::error!("certificates cannot be looked after: {cause}");
            }
        }
    }

    async fn look(&mut self) -> Result<(), StoreError> {
        let store = &self.control.parts().store;
        let sequence = store.sequence().await?;
        if self.sequence != Some(sequence) {
            let all =
                typed::list_everywhere_json::<AcmCertificate>(store.as_ref(), kinds::ACM_CERTIFICATE).await?;
            self.requested = all
                .into_iter()
                .filter(|found| found.value.origin == Origin::Requested)
                .map(|found| (found.key.scope, found.value))
                .collect();
            let requested = &self.requested;
            self.failures
                .retain(|id, _| requested.iter().any(|(_, known)| known.id == *id));
            self.sequence = Some(sequence);
        }
        let now = SystemClock.now();
        let due: Vec<_> = self
            .requested
            .iter()
            .filter(|(_, certificate)| due_at(certificate) <= now && self.may_try(&certificate.id, now))
            .cloned()
            .collect();
        for (scope, certificate) in due {
            self.issue(&scope, &certificate).await;
        }
        Ok(())
    }

    fn may_try(&self, id: &str, now: Timestamp) -> bool {
        self.failures.get(id).is_none_or(|failures| failures.until <= now)
    }

    async fn issue(&mut self, scope: &Scope, certificate: &AcmCertificate) {
        let names = &certificate.subject_alternative_names;
        let issued = self.issuer.issue_later(names, &certificate.key_algorithm).await;
        let kept = match issued {
            Ok(issued) => self.keep(scope, certificate, &issued).await,
            Err(cause) => Err(format!("{cause:#}")),
        };
        // What was written is read again at the next look, whatever it was.
        self.sequence = None;
        let domain = certificate.domain_name.as_str();
        match kept {
            Ok(()) => {
                self.failures.remove(&certificate.id);
                tracing::info!(domain, "a certificate was issued");
            }
            Err(cause) => {
                let count = self
                    .failures
                    .get(&certificate.id)
                    .map_or(0, |failures| failures.count);
                let wait = FIRST_WAIT_SECONDS
                    .saturating_mul(1_i64.checked_shl(count).unwrap_or(i64::MAX))
                    .min(LONGEST_WAIT_SECONDS);
                let failures = Failures {
                    count: count.saturating_add(1).min(30),
                    until: SystemClock.now().plus_seconds(wait),
                };
                self.failures.insert(certificate.id.clone(), failures);
                tracing::error!(
                    domain,
                    again_in_seconds = wait,
                    "a certificate could not be issued: {cause}"
                );
                let certificates = Certificates::of(self.control.parts(), scope);
                if let Err(error) = certificates.put_failure(&certificate.id, &cause).await {
                    tracing::error!(domain, "the failure cannot be kept: {}", error.message);
                }
            }
        }
    }

    async fn keep(
        &self,
        scope: &Scope,
        certificate: &AcmCertificate,
        issued: &IssuedPem,
    ) -> Result<(), String> {
        let parts = self.control.parts();
        Certificates::of(parts, scope)
            .put_issued(&certificate.id, issued)
            .await
            .map_err(|error| error.message)?;
        let sequence = parts.store.sequence().await.map_err(|cause| cause.to_string())?;
        parts.published.caught_up(sequence).await;
        Ok(())
    }
}

/// Returns when a certificate is due: at once where there is none yet, else when two thirds of its time are over.
fn due_at(certificate: &AcmCertificate) -> Timestamp {
    match &certificate.issued {
        None => certificate.created_at,
        Some(issued) => {
            let lifetime = issued.not_after.seconds() - issued.not_before.seconds();
            issued.not_before.plus_seconds(lifetime / 3 * 2)
        }
    }
}
