//! TLS to backends where it is not the usual: the certificate that a stage presents, and servers whose issuer is not asked for.
//! Each combination has clients of its own, and so connections and sessions of its own.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/getting-started-client-side-ssl-authentication.html>

mod any_issuer;
mod clients;

use std::{fmt, sync::Arc};

use aws_lc_rs::digest::{SHA256, digest};
use rustls::{
    ClientConfig, SignatureScheme,
    client::{ResolvesClientCert, Resumption},
    sign::CertifiedKey,
};

use any_issuer::AnyIssuer;
pub(crate) use clients::TlsClients;

/// Sessions that are remembered for one way of TLS, on one thread.
const SESSIONS_MAX: usize = 64;

/// The certificate that a stage presents to backends that ask for one, with its key.
pub struct BackendCertificate {
    key: Arc<CertifiedKey>,
    fingerprint: [u8; 32],
}

impl BackendCertificate {
    /// Returns what is presented; none for a chain without a certificate.
    pub fn new(key: Arc<CertifiedKey>) -> Option<Self> {
        let hash = digest(&SHA256, key.cert.first()?);
        let fingerprint = hash.as_ref().try_into().ok()?;
        Some(Self { key, fingerprint })
    }
}

/// How TLS to a backend differs from the usual.
#[derive(Clone, Copy)]
pub(crate) struct Special<'a> {
    pub(crate) certificate: Option<&'a BackendCertificate>,
    /// Whether the server's issuer need not be one that is trusted.
    pub(crate) any_issuer: bool,
    /// Whether servers behind VPC links are called, for which other addresses are allowed.
    pub(crate) is_linked: bool,
}

impl Special<'_> {
    /// Returns the usual TLS with the differences.
    fn apply_to(&self, usual: &ClientConfig) -> ClientConfig {
        let mut config = usual.clone();
        // INVARIANT: who resumes a session is taken for whoever began it. A clone shares its original's sessions.
        config.resumption = Resumption::in_memory_sessions(SESSIONS_MAX);
        if let Some(certificate) = self.certificate {
            config.client_auth_cert_resolver = Arc::new(Presented(Arc::clone(&certificate.key)));
        }
        if self.any_issuer {
            config
                .dangerous()
                .set_certificate_verifier(Arc::new(AnyIssuer::new()));
        }
        config
    }
}

/// Presents one certificate to whoever asks, whichever authorities he names, as AWS does: it has none above it.
struct Presented(Arc<CertifiedKey>);

impl ResolvesClientCert for Presented {
    fn resolve(&self, _authorities: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

/// Without the key.
impl fmt::Debug for Presented {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Presented")
    }
}
