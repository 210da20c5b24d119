//! How the bench's clients speak TLS, and the certificate of the other proxies.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Result;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::client::Resumption;
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, ServerName, pem::PemObject};
use rustls::{ClientConfig, RootCertStore};
use tokio_rustls::TlsConnector;

/// How to speak TLS, and with whom.
#[derive(Clone)]
pub(super) struct Tls {
    pub(super) connector: TlsConnector,
    pub(super) name: ServerName<'static>,
}

impl Tls {
    /// Returns how to connect to `name`, whose certificate is of the CA in the file `ca`: TLS 1.3 with X25519, a full handshake
    /// each time.
    pub(super) fn to(name: &str, ca: &Path, protocol: &str) -> Result<Self> {
        let mut provider = aws_lc_rs::default_provider();
        provider.kx_groups = vec![aws_lc_rs::kx_group::X25519];
        let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
            .with_protocol_versions(&[&rustls::version::TLS13])?
            .with_root_certificates(roots(ca)?)
            .with_no_client_auth();
        config.alpn_protocols = vec![protocol.as_bytes().to_vec()];
        config.resumption = Resumption::disabled();
        Ok(Self {
            connector: TlsConnector::from(Arc::new(config)),
            name: ServerName::try_from(name.to_owned())?,
        })
    }
}

/// Reads the CA of a file.
pub(super) fn roots(ca: &Path) -> Result<RootCertStore> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_file(ca)?)?;
    Ok(roots)
}

/// A certificate with a P-256 key, as ours has, in files.
pub(super) struct Certificate {
    pub(super) chain: PathBuf,
    pub(super) key: PathBuf,
    pub(super) ca: PathBuf,
}

impl Certificate {
    /// Makes a CA, and a certificate of it for `name`.
    pub(super) fn make(folder: &Path, name: &str) -> Result<Self> {
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "bench server root");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let params = CertificateParams::new(vec![name.to_owned()])?;
        let leaf = params.signed_by(&key, &root)?;
        let files = Self {
            chain: folder.join("chain.pem"),
            key: folder.join("key.pem"),
            ca: folder.join("ca.pem"),
        };
        fs::write(&files.chain, leaf.pem())?;
        fs::write(&files.key, key.serialize_pem())?;
        fs::write(&files.ca, root.pem())?;
        Ok(files)
    }
}
