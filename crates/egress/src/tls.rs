//! What we trust when we call out: the system's roots and those that the operator adds.

use std::sync::Arc;

use rustls::{ClientConfig, RootCertStore, crypto::aws_lc_rs, pki_types::CertificateDer};

use crate::EgressError;

/// HTTP/1.1 as ALPN names it (RFC 7301).
pub(crate) const ALPN_HTTP_1_1: &[u8] = b"http/1.1";

/// Returns a configuration that trusts the system's roots and `extra_roots`.
pub fn trusting_system(
    extra_roots: impl IntoIterator<Item = CertificateDer<'static>>,
) -> Result<Arc<ClientConfig>, EgressError> {
    let mut roots = RootCertStore::empty();
    let system = rustls_native_certs::load_native_certs();
    for problem in &system.errors {
        tracing::warn!(%problem, "a root certificate of the system cannot be read");
    }
    roots.add_parsable_certificates(system.certs);
    add(&mut roots, extra_roots)?;
    build(roots)
}

/// Returns a configuration that trusts `roots` and nothing else.
pub fn trusting_only(
    roots: impl IntoIterator<Item = CertificateDer<'static>>,
) -> Result<Arc<ClientConfig>, EgressError> {
    let mut store = RootCertStore::empty();
    add(&mut store, roots)?;
    build(store)
}

fn add(
    store: &mut RootCertStore,
    roots: impl IntoIterator<Item = CertificateDer<'static>>,
) -> Result<(), EgressError> {
    roots
        .into_iter()
        .try_for_each(|root| store.add(root))
        .map_err(|cause| failed(&cause))
}

fn build(roots: RootCertStore) -> Result<Arc<ClientConfig>, EgressError> {
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|cause| failed(&cause))?
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![ALPN_HTTP_1_1.to_vec()];
    Ok(Arc::new(config))
}

fn failed(cause: &rustls::Error) -> EgressError {
    EgressError::Tls {
        host: "(configuration)".to_owned(),
        cause: cause.to_string(),
    }
}
