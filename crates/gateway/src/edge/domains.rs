//! TLS of custom domains, over the certificates of every other name: TLS versions and client certificates by server name. What
//! changes in the snapshot counts for the next handshake.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use rustls::{ServerConfig, crypto::aws_lc_rs, server::NoServerSessionStorage, version};

use super::ServerConfigs;
use crate::{
    client_certificates::AskForCertificate,
    snapshot::{DomainSnapshot, Snapshots},
};

/// Configurations of custom domains, and `base` for the other names.
pub struct DomainConfigs {
    base: Arc<dyn ServerConfigs>,
    snapshots: Arc<Snapshots>,
    made: Mutex<HashMap<Box<str>, Made>>,
}

/// A configuration, and what it was made of.
struct Made {
    base: Arc<ServerConfig>,
    domain: Arc<DomainSnapshot>,
    config: Arc<ServerConfig>,
}

impl DomainConfigs {
    /// Serves the custom domains of `snapshots` with the certificates of `base`.
    pub fn over(base: Arc<dyn ServerConfigs>, snapshots: Arc<Snapshots>) -> Self {
        Self {
            base,
            snapshots,
            made: Mutex::default(),
        }
    }
}

impl ServerConfigs for DomainConfigs {
    fn server_config(&self, server_name: Option<&str>) -> Option<Arc<ServerConfig>> {
        let base = self.base.server_config(server_name)?;
        let snapshot = self.snapshots.take();
        let Some(domain) = server_name.and_then(|name| snapshot.hosts().domain(name)) else {
            return Some(base);
        };
        if domain.authorities().is_none() && !domain.wants_tls_1_3() {
            return Some(base);
        }
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        // Domains that are gone leave nothing behind.
        made.retain(|name, _| snapshot.hosts().domain(name).is_some());
        if let Some(known) = made.get(domain.name())
            && Arc::ptr_eq(&known.base, &base)
            && Arc::ptr_eq(&known.domain, domain)
        {
            return Some(Arc::clone(&known.config));
        }
        let config = match make(&base, domain) {
            Ok(config) => Arc::new(config),
            Err(cause) => {
                tracing::error!(domain = domain.name(), "TLS cannot be configured: {cause}");
                return None;
            }
        };
        let entry = Made {
            base,
            domain: Arc::clone(domain),
            config: Arc::clone(&config),
        };
        made.insert(domain.name().into(), entry);
        Some(config)
    }
}

fn make(base: &ServerConfig, domain: &DomainSnapshot) -> Result<ServerConfig, rustls::Error> {
    let versions: &[_] = if domain.wants_tls_1_3() {
        &[&version::TLS13]
    } else {
        &[&version::TLS13, &version::TLS12]
    };
    let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)?;
    let resolver = Arc::clone(&base.cert_resolver);
    let mut config = match domain.authorities() {
        None => builder.with_no_client_auth().with_cert_resolver(resolver),
        Some(authorities) => {
            let ask = Arc::new(AskForCertificate::of(authorities));
            let mut config = builder
                .with_client_cert_verifier(ask)
                .with_cert_resolver(resolver);
            // No session is resumed: each connection proves its client's key anew, and what another name or an earlier
            // truststore made of a client is never carried over.
            config.session_storage = Arc::new(NoServerSessionStorage {});
            config.send_tls13_tickets = 0;
            config
        }
    };
    config.alpn_protocols.clone_from(&base.alpn_protocols);
    Ok(config)
}
