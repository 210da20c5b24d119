//! TLS of custom domains, over the certificates of every other name: a certificate of the domain's own, TLS versions and client
//! certificates by server name. What changes in the snapshot counts for the next handshake. A handshake finds its domain by one
//! look into a table, however many there are, and what was made for a domain stays with it.

use std::sync::Arc;

use rustls::{
    ServerConfig,
    server::{NoServerSessionStorage, ResolvesServerCert},
    sign::SingleCertAndKey,
    version,
};

use super::{ServerConfigs, tls};
use crate::{
    client_certificates::AskForCertificate,
    snapshot::{DomainSnapshot, Snapshots},
};

/// Configurations of custom domains, and `base` for the other names.
pub struct DomainConfigs {
    base: Arc<dyn ServerConfigs>,
    snapshots: Arc<Snapshots>,
}

/// A configuration made for a domain, and whose certificate is in it.
pub(crate) struct MadeConfig {
    /// None: the domain's own.
    base: Option<Arc<ServerConfig>>,
    config: Arc<ServerConfig>,
}

impl DomainConfigs {
    /// Serves the custom domains of `snapshots`, those without a certificate of their own with that of `base`.
    pub fn over(base: Arc<dyn ServerConfigs>, snapshots: Arc<Snapshots>) -> Self {
        Self { base, snapshots }
    }
}

impl ServerConfigs for DomainConfigs {
    fn server_config(&self, server_name: Option<&str>) -> Option<Arc<ServerConfig>> {
        let snapshot = self.snapshots.take();
        let Some(domain) = server_name.and_then(|name| snapshot.hosts().domain(name)) else {
            return self.base.server_config(server_name);
        };
        if domain.certificate().is_some() {
            return config_of(domain, None);
        }
        let base = self.base.server_config(server_name)?;
        if domain.authorities().is_none() && !domain.wants_tls_1_3() {
            return Some(base);
        }
        config_of(domain, Some(base))
    }
}

/// Returns the configuration of a domain, as it was made or made anew where the certificate under it has changed.
fn config_of(domain: &DomainSnapshot, base: Option<Arc<ServerConfig>>) -> Option<Arc<ServerConfig>> {
    let known = domain.made_config().load();
    if let Some(made) = known.as_ref()
        && same(made.base.as_ref(), base.as_ref())
    {
        return Some(Arc::clone(&made.config));
    }
    match make(base.as_deref(), domain) {
        Ok(config) => {
            let config = Arc::new(config);
            let made = MadeConfig {
                base,
                config: Arc::clone(&config),
            };
            domain.made_config().store(Some(Arc::new(made)));
            Some(config)
        }
        Err(cause) => {
            tracing::error!(domain = domain.name(), "TLS cannot be configured: {cause}");
            None
        }
    }
}

fn same(one: Option<&Arc<ServerConfig>>, other: Option<&Arc<ServerConfig>>) -> bool {
    match (one, other) {
        (None, None) => true,
        (Some(one), Some(other)) => Arc::ptr_eq(one, other),
        _ => false,
    }
}

fn make(base: Option<&ServerConfig>, domain: &DomainSnapshot) -> Result<ServerConfig, rustls::Error> {
    let resolver: Arc<dyn ResolvesServerCert> = match (domain.certificate(), base) {
        (Some(own), _) => Arc::new(SingleCertAndKey::from(Arc::clone(own))),
        (None, Some(base)) => Arc::clone(&base.cert_resolver),
        (None, None) => return Err(rustls::Error::General("there is no certificate".into())),
    };
    let versions: &[_] = if domain.wants_tls_1_3() {
        &[&version::TLS13]
    } else {
        &[&version::TLS13, &version::TLS12]
    };
    let builder = ServerConfig::builder_with_provider(tls::provider()).with_protocol_versions(versions)?;
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
    tls::set_order(&mut config);
    Ok(config)
}

#[cfg(test)]
mod tests {
    use portcullis_model::{SecretText, Timestamp};
    use rcgen::{CertificateParams, KeyPair};
    use rustls::{
        CipherSuite, ClientConfig, ClientConnection, RootCertStore, ServerConnection, SupportedCipherSuite,
        SupportedProtocolVersion, crypto::aws_lc_rs,
    };
    use serde_json::json;

    use super::*;
    use crate::{
        edge::certified_key,
        hosts::{HostSettings, Hosts},
        snapshot::Snapshot,
    };

    struct Nobody;

    impl ServerConfigs for Nobody {
        fn server_config(&self, _server_name: Option<&str>) -> Option<Arc<ServerConfig>> {
            None
        }
    }

    #[test]
    fn each_of_a_thousand_domains_has_its_own_certificate_made_once() {
        let key = KeyPair::generate().unwrap();
        let secret = SecretText::new(key.serialize_pem());
        let mut snapshot = Snapshot::new(Hosts::compile(&HostSettings {
            region: "us-east-1".into(),
            domain: "portcullis.localhost".into(),
            path_forms: false,
            listener_addresses: Vec::new(),
            services: Vec::new(),
            issuer_host: None,
        }));
        let name = |number: usize| format!("api-{number}.example");
        let mut leaves = Vec::new();
        for number in 0..1_000 {
            let params = CertificateParams::new(vec![name(number)]).unwrap();
            let leaf = params.self_signed(&key).unwrap();
            let domain = serde_json::from_value(json!({
                "domainName": name(number), "createdDate": 0, "endpointType": "REGIONAL",
                "securityPolicy": "TLS_1_2", "targetLabel": "d-1",
            }));
            let domain = DomainSnapshot::compile(&domain.unwrap(), &[], Timestamp(0)).unwrap();
            let certificate = certified_key(&leaf.pem(), &secret).unwrap();
            snapshot = snapshot.with_domain(domain.with_certificate(certificate));
            leaves.push(leaf.der().clone());
        }
        let snapshots = Arc::new(Snapshots::new(snapshot));
        let configs = DomainConfigs::over(Arc::new(Nobody), Arc::clone(&snapshots));
        for (number, leaf) in leaves.iter().enumerate() {
            let config = configs.server_config(Some(&name(number))).unwrap();
            let again = configs.server_config(Some(&name(number))).unwrap();
            assert!(Arc::ptr_eq(&config, &again), "made once");
            let snapshot = snapshots.take();
            let domain = snapshot.hosts().domain(&name(number)).unwrap();
            assert_eq!(&domain.certificate().unwrap().cert[0], leaf);
        }
        assert!(configs.server_config(Some("api-1000.example")).is_none());
        assert!(configs.server_config(None).is_none());
    }

    /// Shakes hands in memory, as a client that likes the suites in this order, and returns the suite that was taken.
    fn suite_taken(
        liked: &[SupportedCipherSuite],
        version: &'static SupportedProtocolVersion,
    ) -> CipherSuite {
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec!["api.example".to_owned()]).unwrap();
        let leaf = leaf.self_signed(&key).unwrap();
        let domain = serde_json::from_value(json!({
            "domainName": "api.example", "createdDate": 0, "endpointType": "REGIONAL",
            "securityPolicy": "TLS_1_2", "targetLabel": "d-1",
        }));
        let secret = SecretText::new(key.serialize_pem());
        let domain = DomainSnapshot::compile(&domain.unwrap(), &[], Timestamp(0)).unwrap();
        let domain = domain.with_certificate(certified_key(&leaf.pem(), &secret).unwrap());
        let mut server = ServerConnection::new(Arc::new(make(None, &domain).unwrap())).unwrap();
        let mut roots = RootCertStore::empty();
        roots.add(leaf.der().clone()).unwrap();
        let mut provider = aws_lc_rs::default_provider();
        provider.cipher_suites = liked.to_vec();
        let config = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = "api.example".try_into().unwrap();
        let mut client = ClientConnection::new(Arc::new(config), name).unwrap();
        while client.is_handshaking() || server.is_handshaking() {
            let mut wire = Vec::new();
            client.write_tls(&mut wire).unwrap();
            server.read_tls(&mut wire.as_slice()).unwrap();
            server.process_new_packets().unwrap();
            let mut wire = Vec::new();
            server.write_tls(&mut wire).unwrap();
            client.read_tls(&mut wire.as_slice()).unwrap();
            client.process_new_packets().unwrap();
        }
        server.negotiated_cipher_suite().unwrap().suite()
    }

    #[test]
    fn suites_are_taken_in_our_order_and_any_other_where_a_client_has_no_better() {
        use aws_lc_rs::cipher_suite::*;
        let liked = [TLS13_AES_256_GCM_SHA384, TLS13_AES_128_GCM_SHA256];
        assert_eq!(
            suite_taken(&liked, &version::TLS13),
            CipherSuite::TLS13_AES_128_GCM_SHA256
        );
        for only in [TLS13_AES_256_GCM_SHA384, TLS13_CHACHA20_POLY1305_SHA256] {
            assert_eq!(suite_taken(&[only], &version::TLS13), only.suite());
        }
        let liked = [
            TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384,
            TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,
        ];
        assert_eq!(
            suite_taken(&liked, &version::TLS12),
            CipherSuite::TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256
        );
    }
}
