//! The admin side, put together from what it keeps, what it tells the gateway, and who issues certificates for it.

use std::sync::Arc;

use anyhow::{Result, anyhow};
use portcullis_control::{Control, ControlParts};
use portcullis_egress::{AddressPolicy, ClientConfig};
use portcullis_events::Events;
use portcullis_identity::Identity;
use portcullis_model::{SystemClock, SystemEntropy};
use portcullis_store::Store;
use portcullis_vault::Vault;
use rustls::pki_types::{CertificateDer, pem::PemObject};

use super::{
    Addresses, Planes,
    adapters::{JudgedSamples, KeptAnswers, KeptByStages, Trails},
    certificates::Certificates,
    destinations::public_only,
    publication::{GatewayCompiler, Publication},
    usage::{Counters, UsageKeeper},
};
use crate::{acme::AcmeIssuer, buckets::Buckets, settings::Settings};

/// What the admin side is made of, beside the planes.
pub(super) struct ControlSide {
    pub(super) store: Arc<dyn Store>,
    pub(super) vault: Arc<Vault>,
    pub(super) identity: Arc<Identity>,
    pub(super) events: Arc<Events>,
    pub(super) publication: Publication,
    pub(super) usage: Arc<UsageKeeper>,
    pub(super) certificates: Arc<Certificates>,
    pub(super) buckets: Arc<Buckets>,
}

impl ControlSide {
    /// Puts it together.
    pub(super) fn into_control(self, settings: &Settings, planes: &Planes) -> Control {
        Control::new(ControlParts {
            store: self.store,
            vault: self.vault,
            identity: self.identity,
            events: self.events,
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            published: Arc::new(self.publication),
            compiler: compiler(settings, planes),
            trails: Arc::new(Trails(planes.trails.clone())),
            samples: Arc::new(JudgedSamples(planes.firewall.clone())),
            usage: counters(settings, &self.usage),
            buckets: self.buckets,
            functions: planes.functions.runner.clone(),
            certificates: self.certificates,
            distribution_cache: Arc::new(KeptAnswers(planes.distribution_cache.clone())),
            test_bench: planes.test_bench.clone(),
            stage_caches: Arc::new(KeptByStages(planes.snapshots.clone())),
            scope: settings.scope.clone(),
            domain: settings.domain.clone(),
        })
    }
}

/// Lets the ACME CA of the settings, if there is one, issue certificates. Its directory names further addresses: they are
/// judged as those of strangers.
pub(super) fn issue_by_acme(
    settings: &Settings,
    addresses: &Addresses,
    planes: &Planes,
    control: &Control,
    certificates: &Certificates,
) -> Result<()> {
    let Some(acme) = &settings.acme else {
        return Ok(());
    };
    let roots = match &acme.roots {
        None => Vec::new(),
        Some(path) => CertificateDer::pem_file_iter(path)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|cause| anyhow!("`{}` cannot be read: {cause}", path.display()))?,
    };
    certificates.issued_by(Arc::new(AcmeIssuer {
        settings: acme.clone(),
        store: control.parts().store.clone(),
        vault: control.parts().vault.clone(),
        scope: settings.scope.clone(),
        client: ClientConfig {
            tls: portcullis_egress::tls::trusting_system(roots)?,
            limits: portcullis_egress::Limits::default(),
            policy: AddressPolicy::PublicOnly(public_only(settings, addresses)),
        },
        challenges: planes.challenges.clone(),
    }));
    Ok(())
}

fn counters(settings: &Settings, usage: &Arc<UsageKeeper>) -> Arc<Counters> {
    Arc::new(Counters {
        keeper: usage.clone(),
        account_throttle: settings.account_throttle,
    })
}

fn compiler(settings: &Settings, planes: &Planes) -> Arc<GatewayCompiler> {
    Arc::new(GatewayCompiler {
        snapshots: planes.snapshots.clone(),
        vpc_endpoints: settings.vpc_endpoints.clone(),
        upstreams: settings.upstreams.clone(),
        service_endpoints: settings.service_endpoints.clone(),
        scope: settings.scope.clone(),
    })
}
