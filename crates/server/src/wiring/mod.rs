//! Everything put together: the store, the vault, identity, control, the gateway, and what each asks of the others.

mod publication;
mod log_files;
mod outgoing;
mod adapters;
mod destinations;
mod functions;
mod listeners;
mod certificates;
mod control_side;
mod services;
mod sites;
mod admin;
mod metrics;
mod renewal;
mod test_bench;
mod truststores;
mod usage;
mod upstreams;

use std::{sync::Arc, thread, time::Duration};

use anyhow::{Context, Result, anyhow};
use portcullis_control::Control;
use portcullis_egress::{AddressPolicy, ClientConfig};
use portcullis_events::{Events, EventsParts, delivery::Deliveries};
use portcullis_gateway::{
    Callers, Gateway, GatewayParts, GatewaySettings,
    challenges::Challenges,
    distribution::cache::DistributionCache,
    edge::{self, DomainConfigs, EdgeLimits, EdgeParts, ServerConfigs, Socket, Workers},
    firewall::Firewall,
    hosts::{HostSettings, Hosts},
    issuers::Issuers,
    ports::Ports,
    revocations::Revocations,
    snapshot::{Snapshot, Snapshots},
    trail::TrailLog,
    usage::{UsagePlans, bucket::Rate},
};
use portcullis_identity::{Identity, IdentityParts, IssuerForm};
use portcullis_model::{Clock, SystemClock, SystemEntropy};
use portcullis_store::{Store, sqlite::SqliteStore};
use portcullis_vault::Vault;
use tokio::{net::TcpListener, runtime::Handle};

use crate::{buckets::Buckets, installation::Installation, outbox::Outbox, settings::Settings};
pub(crate) use certificates::{Certified, Issuer};
pub(crate) use listeners::Addresses;

use adapters::{
    EventRoles, FunctionRoles, OurHosts, OutboxMail, RevocationFeed, SealedByVault, SealedSessions,
};
use certificates::Certificates;
use control_side::ControlSide;
use destinations::{integration_policy, public_only};
use functions::ServerFunctions;
use listeners::{addresses, open_admin, open_sockets};
use log_files::LogFiles;
use metrics::Metrics;
use outgoing::Outgoing;
use publication::{Publication, Sources};
use renewal::Renewal;
use services::RoleServices;
use sites::ServerSites;
use truststores::TruststoreWatch;
use usage::{KeyHashes, UsageKeeper};

/// How often expired revocations are dropped.
const REVOCATIONS_PURGE: Duration = Duration::from_secs(60);
/// Threads that hash passwords.
const HASHING_THREADS: usize = 2;
/// Passwords that may wait for them.
const HASHING_QUEUE: usize = 64;

/// A server with its listeners open, not yet answering.
pub(crate) struct Server {
    pub(crate) control: Control,
    pub(crate) store: Arc<dyn Store>,
    gateway: GatewayParts,
    usage: Arc<UsageKeeper>,
    sockets: Vec<Socket>,
    admin: TcpListener,
    metrics: Metrics,
    workers: usize,
    deliveries: Deliveries,
    log_files: LogFiles,
    buckets: Arc<Buckets>,
    certificates: Arc<Certificates>,
}

/// A server that answers.
pub(crate) struct Running {
    pub(crate) control: Control,
    workers: Workers,
    usage: Arc<UsageKeeper>,
    admin: admin::AdminServer,
    deliveries: Deliveries,
    log_files: LogFiles,
}

/// Opens the store of an installation; its lock keeps a second process out.
pub(crate) fn open_store(installation: &Installation) -> Result<Arc<dyn Store>> {
    let store = SqliteStore::open(&installation.store(), Arc::new(SystemClock))?;
    Ok(Arc::new(store))
}

/// Opens the vault, and makes sure that the store was sealed with its key.
pub(crate) async fn open_vault(settings: &Settings, store: &dyn Store) -> Result<Arc<Vault>> {
    let vault = Vault::open_or_create(&settings.root_key, Arc::new(SystemEntropy))?;
    vault.confirm_root_key(store).await?;
    Ok(Arc::new(vault))
}

impl Server {
    /// Puts everything together: listeners first, so that a port in use is known before anything else happens.
    pub(crate) async fn assemble(
        settings: &Settings,
        installation: &Installation,
    ) -> Result<(Self, Addresses)> {
        let sockets = open_sockets(settings)?;
        let admin = open_admin(settings.admin).await?;
        let addresses = addresses(&sockets, &admin)?;
        let store = open_store(installation)?;
        let vault = open_vault(settings, store.as_ref()).await?;
        let roles = Arc::new(FunctionRoles::default());
        let for_functions = (addresses.admin, roles.clone());
        let integrations = integrations(settings, &addresses)?;
        let log_files = LogFiles::start(installation, settings, &vault)?;
        let functions = functions::start(settings, installation, integrations, for_functions, &log_files)?;
        let planes = Planes::new(settings, &sockets, &vault, functions)?;
        let metrics = planes.metrics(settings, installation)?;
        let public_port = settings.public_port.unwrap_or(addresses.public.port());
        let kept = (store.clone(), vault.clone());
        let identity = identity(settings, installation, public_port, kept, &planes)?;
        let events = events(&store, &vault);
        let kept = (store.clone(), vault.clone());
        let publication = published(settings, kept, &planes, &events).await?;
        let usage = UsageKeeper::open(&store, &planes.usage).await?;
        let sign_outs = identity.load_sign_outs().await;
        sign_outs.context("sign-outs cannot be read")?;
        let certificates = Arc::new(Certificates::of(settings, &planes.snapshots));
        let buckets = Arc::new(Buckets(settings.buckets.clone()));
        let side = ControlSide {
            store: store.clone(),
            vault,
            identity: identity.clone(),
            events: events.clone(),
            publication,
            usage: usage.clone(),
            certificates: certificates.clone(),
            buckets: buckets.clone(),
        };
        let control = side.into_control(settings, &planes);
        roles.set(control.clone());
        control_side::issue_by_acme(settings, &addresses, &planes, &control, &certificates)?;
        roll_back_caught(&control).await?;
        let sites = ServerSites {
            control: control.clone(),
            identity,
            runtime: Handle::current(),
        };
        let test_bench = planes.test_bench.clone();
        let gateway = gateway(settings, &addresses, planes, sites, log_files.clone())?;
        test_bench.start(gateway.clone())?;
        let roles = Arc::new(EventRoles(control.clone()));
        let deliveries = events.deliver(gateway.integrations.clone(), roles).await?;
        Ok((
            Self {
                control,
                store,
                gateway,
                usage,
                sockets,
                admin,
                metrics,
                workers: settings.workers,
                deliveries,
                log_files,
                buckets,
                certificates,
            },
            addresses,
        ))
    }

    /// Starts answering, with the certificates of `configs`; `issuer` issues those that are asked for.
    pub(crate) fn start(
        self,
        configs: Arc<dyn ServerConfigs>,
        issuer: Option<Arc<dyn Issuer>>,
    ) -> Result<Running> {
        if let Some(issuer) = issuer {
            self.certificates.issued_by(issuer);
        }
        let forward_proxy = Arc::new(OurHosts {
            snapshots: self.gateway.snapshots.clone(),
        });
        let parts = EdgeParts {
            limits: EdgeLimits::default(),
            configs: Arc::new(DomainConfigs::over(configs, self.gateway.snapshots.clone())),
            clock: Arc::clone(&self.gateway.clock),
            counters: self.gateway.trails.metrics().edge(),
            trusted_proxies: self.gateway.settings.trusted_proxies.clone(),
            forward_proxy: Some(forward_proxy),
        };
        let gateway = self.gateway;
        let for_links = (gateway.settings.upstreams.clone(), gateway.integrations.clone());
        let (revocations, snapshots) = (gateway.revocations.clone(), gateway.snapshots.clone());
        let workers = edge::start(self.sockets, self.workers, &parts, move || {
            Gateway::new(gateway.clone())
        })?;
        tokio::spawn(forget_expired(revocations));
        tokio::spawn(self.usage.clone().run());
        upstreams::watch(&for_links)?;
        if let Some(issuer) = self.certificates.issuer() {
            tokio::spawn(Renewal::new(self.control.clone(), issuer).run());
        }
        tokio::spawn(TruststoreWatch::new(self.control.clone(), self.buckets).run());
        let admin = admin::AdminServer::start(self.admin, self.control.clone(), snapshots, self.metrics);
        Ok(Running {
            control: self.control,
            workers,
            usage: self.usage,
            admin,
            deliveries: self.deliveries,
            log_files: self.log_files,
        })
    }
}

impl Running {
    /// Stops accepting, lets open exchanges end, and returns when all have.
    pub(crate) async fn stop(self) {
        self.admin.stop().await;
        let (workers, deliveries, log_files) = (self.workers, self.deliveries, self.log_files);
        let stop = move || {
            workers.stop();
            deliveries.stop();
            log_files.stop();
        };
        drop(tokio::task::spawn_blocking(stop).await);
        self.usage.close().await;
        if let Some(local) = &self.control.parts().functions.local {
            local.stop();
        }
    }
}

/// What the admin side and the gateway both hold.
struct Planes {
    functions: ServerFunctions,
    revocations: Arc<Revocations>,
    callers: Arc<Callers>,
    trails: Arc<TrailLog>,
    firewall: Arc<Firewall>,
    snapshots: Arc<Snapshots>,
    distribution_cache: Arc<DistributionCache>,
    test_bench: Arc<test_bench::Bench>,
    usage: Arc<UsagePlans>,
    challenges: Arc<Challenges>,
}

impl Planes {
    /// Returns what is counted, for whoever has the installation's token.
    fn metrics(&self, settings: &Settings, installation: &Installation) -> Result<Metrics> {
        Metrics::open(
            installation,
            self.trails.clone(),
            settings.upstreams.clone(),
            self.snapshots.clone(),
        )
    }

    fn new(
        settings: &Settings,
        sockets: &[Socket],
        vault: &Vault,
        functions: ServerFunctions,
    ) -> Result<Self> {
        Ok(Self {
            functions,
            revocations: Arc::default(),
            callers: Arc::default(),
            trails: Arc::default(),
            firewall: Arc::default(),
            distribution_cache: Arc::default(),
            test_bench: Arc::default(),
            challenges: Arc::default(),
            snapshots: Arc::new(Snapshots::new(Snapshot::new(hosts(settings, sockets)))),
            usage: Arc::new(UsagePlans::new(
                Arc::new(KeyHashes::new(vault)?),
                Rate::of(&settings.account_throttle),
            )),
        })
    }
}

/// Brings the configuration that is there to the gateway.
async fn published(
    settings: &Settings,
    (store, vault): (Arc<dyn Store>, Arc<Vault>),
    planes: &Planes,
    events: &Arc<Events>,
) -> Result<Publication> {
    let publication = Publication::new(Sources {
        store,
        vault,
        snapshots: planes.snapshots.clone(),
        callers: planes.callers.clone(),
        usage: planes.usage.clone(),
        distribution_cache: planes.distribution_cache.clone(),
        issuer: issuer_form(settings),
        events: events.clone(),
        functions: planes.functions.clone(),
        observed: settings.observed.clone(),
    });
    publication.load().await?;
    Ok(publication)
}

/// Rolls back the stacks that a crash caught in progress.
async fn roll_back_caught(control: &Control) -> Result<()> {
    let recovered = portcullis_control::stacks::recover(control).await;
    recovered.map(drop).map_err(|error| {
        anyhow!(
            "stacks caught in progress cannot be rolled back: {}",
            error.message
        )
    })
}

fn hosts(settings: &Settings, sockets: &[Socket]) -> Hosts {
    Hosts::compile(&HostSettings {
        region: settings.scope.region.clone(),
        domain: settings.domain.clone(),
        path_forms: settings.path_forms,
        listener_addresses: sockets
            .iter()
            .map(|socket| socket.address.ip())
            .chain([settings.admin.ip()])
            .collect(),
        issuer_host: settings.issuer.as_deref().and_then(issuer_host),
        services: portcullis_control::services::ALL
            .iter()
            .map(|service| service.name)
            .collect(),
    })
}

/// Returns the host of `https://host/path`.
fn issuer_host(issuer: &str) -> Option<String> {
    let rest = issuer.strip_prefix("https://")?;
    Some(rest.split('/').next().unwrap_or(rest).to_owned())
}

fn identity(
    settings: &Settings,
    installation: &Installation,
    public_port: u16,
    (store, vault): (Arc<dyn Store>, Arc<Vault>),
    planes: &Planes,
) -> Result<Arc<Identity>> {
    let outbox = Outbox {
        folder: installation.outbox(),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
    };
    let identity = Identity::new(IdentityParts {
        store,
        vault,
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        mail: Arc::new(OutboxMail(outbox)),
        sign_outs: Arc::new(RevocationFeed {
            revocations: planes.revocations.clone(),
        }),
        settings: portcullis_identity::Settings {
            issuer: issuer_form(settings),
            domain: settings.domain.clone(),
            public_port,
            hashing_threads: HASHING_THREADS,
            hashing_queue: HASHING_QUEUE,
        },
    });
    Ok(Arc::new(identity.context("identity cannot be started")?))
}

fn events(store: &Arc<dyn Store>, vault: &Arc<Vault>) -> Arc<Events> {
    Arc::new(Events::new(EventsParts {
        store: store.clone(),
        vault: vault.clone(),
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
    }))
}

fn gateway(
    settings: &Settings,
    addresses: &Addresses,
    planes: Planes,
    sites: ServerSites,
    log_files: LogFiles,
) -> Result<GatewayParts> {
    let Planes {
        functions,
        revocations,
        callers,
        trails,
        firewall,
        snapshots,
        distribution_cache,
        usage,
        challenges,
        test_bench: _,
    } = planes;
    let integrations = integrations(settings, addresses)?;
    let vault = Arc::clone(&sites.control.parts().vault);
    let services = RoleServices {
        control: sites.control.clone(),
        runtime: sites.runtime.clone(),
        outgoing: Outgoing::of(settings, &integrations)?,
    };
    Ok(GatewayParts {
        snapshots,
        revocations,
        callers,
        trails,
        firewall,
        distribution_cache,
        usage,
        challenges,
        ports: Ports {
            sealing: Arc::new(SealedByVault(Arc::clone(&vault))),
            sessions: Arc::new(SealedSessions(vault)),
            sites: Arc::new(sites),
            functions: Arc::new(functions),
            services: Arc::new(services),
            access_logs: log_files.access,
            execution_logs: log_files.execution,
        },
        clock: Arc::new(SystemClock),
        entropy: Arc::new(SystemEntropy),
        settings: GatewaySettings {
            https_port: settings.public_port.unwrap_or(addresses.public.port()),
            redirect_clear_text_to: settings.redirect_http.then(|| addresses.public.port()),
            trusted_proxies: settings.trusted_proxies.clone(),
            vpc_endpoints: settings.vpc_endpoints.clone(),
            upstreams: settings.upstreams.clone(),
            streamed_body_bytes_max: settings.streamed_body_bytes_max,
        },
        strangers: ClientConfig {
            policy: AddressPolicy::PublicOnly(public_only(settings, addresses)),
            ..integrations.clone()
        },
        integrations,
        issuers: Arc::new(Issuers::new(own_issuers(settings))),
    })
}

fn integrations(settings: &Settings, addresses: &Addresses) -> Result<ClientConfig> {
    Ok(ClientConfig {
        tls: portcullis_egress::tls::trusting_system([])?,
        limits: portcullis_egress::Limits::default(),
        policy: integration_policy(settings, addresses),
    })
}

/// Drops, now and then, what has expired from the index of tokens that are refused.
async fn forget_expired(revocations: Arc<Revocations>) {
    let mut ticks = tokio::time::interval(REVOCATIONS_PURGE);
    loop {
        ticks.tick().await;
        revocations.purge(SystemClock.now());
    }
}

/// What the issuers of our pools begin with.
fn own_issuers(settings: &Settings) -> String {
    match &settings.issuer {
        Some(base) => format!("{}/", base.trim_end_matches('/')),
        None => format!("https://cognito-idp.{}.amazonaws.com/", settings.scope.region),
    }
}

fn issuer_form(settings: &Settings) -> IssuerForm {
    match &settings.issuer {
        Some(base) => IssuerForm::Base(base.clone()),
        None => IssuerForm::AwsLike,
    }
}

/// Returns one worker a core.
pub(crate) fn cores() -> usize {
    thread::available_parallelism().map_or(1, usize::from)
}
