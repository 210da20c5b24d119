//! What the layers and integrations of one thread work with: clients, caches of its own, and what all threads share.

use std::sync::Arc;

use portcullis_egress::{AddressPolicy, Client, ClientConfig};
use portcullis_model::Clock;

use crate::{
    backend_tls::{Special, TlsClients},
    callers::Callers,
    distribution::cache::DistributionCache,
    exchange::BODY_BYTES_MAX,
    firewall::Firewall,
    gateway::GatewayParts,
    issuers::Issuers,
    layers::authorizer::{signers::Signers, token_cache::TokenCache, verdict_cache::VerdictCache},
    ports::{AccessLogs, Functions, Sealing, Services, Sessions},
    revocations::Revocations,
    trail::TrailLog,
    upstreams::Upstreams,
    usage::UsagePlans,
    vpc_endpoints::VpcEndpoints,
};

/// What the layers and integrations of one thread use.
pub(crate) struct Worker {
    parts: GatewayParts,
    client: Client,
    stranger_client: Client,
    link_client: Client,
    tls_clients: TlsClients,
    tokens: TokenCache,
    verdicts: VerdictCache,
    signers: Signers,
}

impl Worker {
    pub(crate) fn new(parts: GatewayParts) -> Self {
        Self {
            client: Client::new(parts.integrations.clone()),
            stranger_client: Client::new(parts.strangers.clone()),
            link_client: Client::new(ClientConfig {
                policy: AddressPolicy::Only(parts.settings.upstreams.addresses()),
                ..parts.integrations.clone()
            }),
            tls_clients: TlsClients::new(),
            parts,
            tokens: TokenCache::new(),
            verdicts: VerdictCache::new(),
            signers: Signers::new(),
        }
    }

    pub(crate) const fn parts(&self) -> &GatewayParts {
        &self.parts
    }

    pub(crate) fn revocations(&self) -> &Revocations {
        &self.parts.revocations
    }

    pub(crate) fn usage(&self) -> &UsagePlans {
        &self.parts.usage
    }

    pub(crate) fn trails(&self) -> &TrailLog {
        &self.parts.trails
    }

    pub(crate) fn firewall(&self) -> &Firewall {
        &self.parts.firewall
    }

    pub(crate) fn clock(&self) -> &dyn Clock {
        self.parts.clock.as_ref()
    }

    pub(crate) fn distribution_cache(&self) -> &Arc<DistributionCache> {
        &self.parts.distribution_cache
    }

    pub(crate) const fn vpc_endpoints(&self) -> &VpcEndpoints {
        &self.parts.settings.vpc_endpoints
    }

    /// Returns the longest body that passes without being held.
    pub(crate) fn streamed_body_bytes_max(&self) -> usize {
        let set = self.parts.settings.streamed_body_bytes_max;
        set.unwrap_or(BODY_BYTES_MAX)
    }

    pub(crate) fn https_port(&self) -> u16 {
        self.parts.settings.https_port
    }

    /// Returns the client for integrations, with this thread's connections.
    pub(crate) const fn client(&self) -> &Client {
        &self.client
    }

    /// Returns the policy of [`client`](Self::client).
    pub(crate) const fn integration_policy(&self) -> &AddressPolicy {
        &self.parts.integrations.policy
    }

    /// Returns the client for addresses that strangers have a say in.
    pub(crate) const fn stranger_client(&self) -> &Client {
        &self.stranger_client
    }

    /// Returns the client for what VPC links lead to, and for nothing else.
    pub(crate) const fn link_client(&self) -> &Client {
        &self.link_client
    }

    /// Returns a client for a backend with which TLS is not the usual.
    pub(crate) fn special_client(&self, special: Special<'_>) -> Client {
        let usual = if special.is_linked {
            &self.link_client
        } else {
            &self.client
        };
        self.tls_clients
            .client(special, usual, &self.parts.integrations.tls)
    }

    pub(crate) const fn upstreams(&self) -> &Upstreams {
        &self.parts.settings.upstreams
    }

    /// Returns the policy of [`stranger_client`](Self::stranger_client).
    pub(crate) const fn stranger_policy(&self) -> &AddressPolicy {
        &self.parts.strangers.policy
    }

    pub(crate) fn issuers(&self) -> &Issuers {
        &self.parts.issuers
    }

    pub(crate) fn functions(&self) -> &dyn Functions {
        self.parts.ports.functions.as_ref()
    }

    pub(crate) fn services(&self) -> &dyn Services {
        self.parts.ports.services.as_ref()
    }

    pub(crate) const fn signers(&self) -> &Signers {
        &self.signers
    }

    pub(crate) fn sessions(&self) -> &dyn Sessions {
        self.parts.ports.sessions.as_ref()
    }

    pub(crate) fn callers(&self) -> &Callers {
        &self.parts.callers
    }

    pub(crate) fn access_logs(&self) -> &dyn AccessLogs {
        self.parts.ports.access_logs.as_ref()
    }

    pub(crate) fn execution_logs(&self) -> &dyn AccessLogs {
        self.parts.ports.execution_logs.as_ref()
    }

    pub(crate) fn sealing(&self) -> &dyn Sealing {
        self.parts.ports.sealing.as_ref()
    }

    pub(crate) const fn verdicts(&self) -> &VerdictCache {
        &self.verdicts
    }

    pub(crate) const fn tokens(&self) -> &TokenCache {
        &self.tokens
    }
}
