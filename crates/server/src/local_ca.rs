//! The local CA of `up`: made at first start, limited by name constraints to our hosts and AWS's suffixes; it makes a
//! leaf for each host when a handshake first asks for it.

use std::{
    collections::HashMap,
    fs,
    future::Future,
    net::IpAddr,
    os::unix::fs::PermissionsExt,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
};

use anyhow::{Context, Result, anyhow, bail, ensure};
use portcullis_control::ports::{Issuance, IssuedPem};
use portcullis_engines::x509::to_pem;
use portcullis_gateway::edge::{ServerConfigs, tls};
use portcullis_model::{Clock, SecretText, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, CidrSubnet, DistinguishedName, DnType, ExtendedKeyUsagePurpose,
    GeneralSubtree, IsCa, KeyPair, KeyUsagePurpose, NameConstraints, SanType,
};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};

use crate::{
    installation::{Installation, write_file},
    wiring::Issuer,
};

/// How long the CA is good for.
const CA_DAYS: i64 = 3650;
/// How long a leaf is good for; browsers accept at most 398 days.
const LEAF_DAYS: i64 = 90;
/// Leaves kept; beyond that all are made anew, so that made-up host names cannot fill the memory.
const LEAVES_MAX: usize = 512;
/// Suffixes of AWS's own hosts that the forward proxy answers for.
const AWS_SUFFIXES: [&str; 3] = ["amazonaws.com", "cloudfront.net", "amazoncognito.com"];
const DAY_SECONDS: i64 = 86_400;

/// A CA on disk and its leaves in memory.
pub(crate) struct LocalCa {
    issuer: rcgen::Issuer<'static, KeyPair>,
    certificate: CertificateDer<'static>,
    domain: String,
    clock: Arc<dyn Clock>,
    leaves: Mutex<HashMap<String, (Arc<ServerConfig>, Timestamp)>>,
}

impl LocalCa {
    /// Reads the CA of `installation`, or makes it at first start (or when it has expired, or for another domain).
    pub(crate) fn open_or_create(
        installation: &Installation,
        domain: &str,
        clock: Arc<dyn Clock>,
    ) -> Result<Self> {
        let (key_path, certificate_path) = (installation.ca_key(), installation.ca_certificate());
        let key = if key_path.exists() {
            let mode = fs::metadata(&key_path)?.permissions().mode() & 0o777;
            ensure!(
                mode & 0o077 == 0,
                "`{}` may be read by others: chmod 600 it",
                key_path.display()
            );
            let pem = fs::read_to_string(&key_path)?;
            KeyPair::from_pem(&pem)
                .with_context(|| format!("`{}` is not a private key", key_path.display()))?
        } else {
            let key = KeyPair::generate()?;
            write_file(&key_path, key.serialize_pem().as_bytes(), 0o600)?;
            key
        };
        let params = ca_params(domain, clock.now())?;
        let kept = fs::read_to_string(&certificate_path)
            .ok()
            .filter(|text| is_current(text, domain, clock.now()));
        let pem = match kept {
            Some(pem) => pem,
            None => {
                let certificate = params.self_signed(&key)?;
                let expires = clock.now().plus_seconds(CA_DAYS * DAY_SECONDS).seconds();
                // The note above the certificate tells the next start whether it still fits.
                let pem = format!("# portcullis {domain} {expires}\n{}", certificate.pem());
                write_file(&certificate_path, pem.as_bytes(), 0o644)?;
                pem
            }
        };
        let certificate =
            rustls::pki_types::pem::PemObject::from_pem_slice(pem.as_bytes()).map_err(|cause| {
                anyhow::anyhow!("`{}` is not a certificate: {cause:?}", certificate_path.display())
            })?;
        write_bundle(installation, &pem)?;
        Ok(Self {
            issuer: rcgen::Issuer::new(params, key),
            certificate,
            domain: domain.to_owned(),
            clock,
            leaves: Mutex::default(),
        })
    }

    fn covers(&self, name: &str) -> bool {
        if let Ok(address) = name.parse::<IpAddr>() {
            return address.is_loopback();
        }
        let under = |suffix: &str| {
            name.strip_suffix(suffix)
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        };
        name.len() <= 253
            && (under("localhost") || under(&self.domain) || AWS_SUFFIXES.into_iter().any(under))
    }

    fn make_leaf(&self, name: &str) -> Result<Arc<ServerConfig>> {
        let key = KeyPair::generate()?;
        let mut params = self.leaf_params(&[name.to_owned()])?;
        if name == "localhost" {
            // A client that connects by address sends no server name: it must find the address in the leaf.
            params
                .subject_alt_names
                .push(SanType::IpAddress(IpAddr::from([127, 0, 0, 1])));
            params
                .subject_alt_names
                .push(SanType::IpAddress(IpAddr::from([0, 0, 0, 0, 0, 0, 0, 1])));
        }
        let leaf = params.signed_by(&key, &self.issuer)?;
        let chain = vec![leaf.der().clone(), self.certificate.clone()];
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
        server_config(chain, key)
    }

    fn leaf_params(&self, names: &[String]) -> Result<CertificateParams> {
        let now = self.clock.now();
        let mut params = CertificateParams::default();
        params.distinguished_name = named(names.first().map(String::as_str).unwrap_or_default());
        params.not_before = now.plus_seconds(-3600).utc();
        params.not_after = now.plus_seconds(LEAF_DAYS * DAY_SECONDS).utc();
        for name in names {
            params.subject_alt_names.push(match name.parse::<IpAddr>() {
                Ok(address) => SanType::IpAddress(address),
                Err(_) => SanType::DnsName(name.as_str().try_into()?),
            });
        }
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.use_authority_key_identifier_extension = true;
        Ok(params)
    }

    fn make_certificate(&self, names: &[String], key_algorithm: &str) -> Result<IssuedPem> {
        let key = new_key(key_algorithm)?;
        let leaf = self.leaf_params(names)?.signed_by(&key, &self.issuer)?;
        Ok(IssuedPem {
            certificate: leaf.pem(),
            chain: to_pem(&self.certificate),
            private_key: SecretText::new(key.serialize_pem()),
        })
    }
}

/// Makes a key of one of ACM's algorithms.
pub(crate) fn new_key(algorithm: &str) -> Result<KeyPair> {
    let algorithm = match algorithm {
        "EC_prime256v1" => &rcgen::PKCS_ECDSA_P256_SHA256,
        "EC_secp384r1" => &rcgen::PKCS_ECDSA_P384_SHA384,
        "RSA_2048" => &rcgen::PKCS_RSA_SHA256,
        other => bail!("keys of `{other}` are not made"),
    };
    Ok(KeyPair::generate_for(algorithm)?)
}

impl Issuer for LocalCa {
    fn issue(&self, names: &[String], key_algorithm: &str) -> Issuance {
        let covered = |name: &&String| self.covers(name.strip_prefix("*.").unwrap_or(name));
        if let Some(name) = names.iter().find(|name| !covered(name)) {
            return Issuance::Refused(format!(
                "the local CA issues certificates for names under `{}` and `localhost` alone: take such a name instead of \
                 `{name}`, or import a certificate with ImportCertificate",
                self.domain
            ));
        }
        match self.make_certificate(names, key_algorithm) {
            Ok(issued) => Issuance::Now(issued),
            Err(cause) => Issuance::Refused(format!("the local CA cannot issue it: {cause:#}")),
        }
    }

    fn issue_later<'a>(
        &'a self,
        names: &'a [String],
        key_algorithm: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<IssuedPem>> + Send + 'a>> {
        let issued = match self.issue(names, key_algorithm) {
            Issuance::Now(issued) => Ok(issued),
            Issuance::Refused(cause) => Err(anyhow!(cause)),
            Issuance::Later => Err(anyhow!("the local CA issues at once")),
        };
        Box::pin(std::future::ready(issued))
    }
}

/// Returns a server configuration with our policy: TLS 1.2 and 1.3, HTTP/2 before HTTP/1.1.
pub(crate) fn server_config(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<Arc<ServerConfig>> {
    let mut config = ServerConfig::builder_with_provider(tls::provider())
        .with_protocol_versions(&[&rustls::version::TLS13, &rustls::version::TLS12])?
        .with_no_client_auth()
        .with_single_cert(chain, key)?;
    tls::set_order(&mut config);
    Ok(Arc::new(config))
}

impl ServerConfigs for LocalCa {
    fn server_config(&self, server_name: Option<&str>) -> Option<Arc<ServerConfig>> {
        let name = server_name.unwrap_or("localhost");
        if !self.covers(name) {
            return None;
        }
        let now = self.clock.now();
        let mut leaves = self.leaves.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((config, renew)) = leaves.get(name)
            && now < *renew
        {
            return Some(config.clone());
        }
        let config = match self.make_leaf(name) {
            Ok(config) => config,
            Err(cause) => {
                tracing::error!(name, "a certificate cannot be made: {cause:#}");
                return None;
            }
        };
        if leaves.len() >= LEAVES_MAX {
            leaves.clear();
        }
        leaves.insert(
            name.to_owned(),
            (config.clone(), now.plus_seconds(LEAF_DAYS / 2 * DAY_SECONDS)),
        );
        Some(config)
    }
}

fn ca_params(domain: &str, now: Timestamp) -> Result<CertificateParams> {
    let mut params = CertificateParams::default();
    params.distinguished_name = named(&format!("Portcullis local CA for {domain}"));
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params.not_before = now.plus_seconds(-3600).utc();
    params.not_after = now.plus_seconds(CA_DAYS * DAY_SECONDS).utc();
    let mut names: Vec<&str> = vec!["localhost", domain];
    names.extend(AWS_SUFFIXES);
    let mut permitted: Vec<_> = names
        .into_iter()
        .map(|name| GeneralSubtree::DnsName(name.to_owned()))
        .collect();
    permitted.push(GeneralSubtree::IpAddress(CidrSubnet::V4(
        [127, 0, 0, 0],
        [255, 0, 0, 0],
    )));
    let mut loopback = [0u8; 16];
    if let Some(last) = loopback.last_mut() {
        *last = 1;
    }
    permitted.push(GeneralSubtree::IpAddress(CidrSubnet::V6(loopback, [255; 16])));
    params.name_constraints = Some(NameConstraints {
        permitted_subtrees: permitted,
        excluded_subtrees: Vec::new(),
    });
    Ok(params)
}

fn named(name: &str) -> DistinguishedName {
    let mut distinguished_name = DistinguishedName::new();
    // X.520 bounds a common name to 64 characters; what counts is the alternative name.
    distinguished_name.push(DnType::CommonName, name.chars().take(64).collect::<String>());
    distinguished_name
}

fn is_current(pem: &str, domain: &str, now: Timestamp) -> bool {
    let mut words = pem.lines().next().unwrap_or_default().split(' ').skip(2);
    words.next() == Some(domain)
        && words
            .next()
            .and_then(|expires| expires.parse::<i64>().ok())
            .is_some_and(|expires| expires > now.plus_seconds(30 * DAY_SECONDS).seconds())
}

/// Writes the system's roots and ours into one file: most clients take a file that replaces their own roots.
fn write_bundle(installation: &Installation, own: &str) -> Result<()> {
    let mut bundle = own.to_owned();
    for path in [
        "/etc/ssl/certs/ca-certificates.crt",
        "/etc/pki/tls/certs/ca-bundle.crt",
        "/etc/ssl/cert.pem",
    ] {
        if let Ok(system) = fs::read_to_string(path) {
            bundle.push_str(&system);
            break;
        }
    }
    write_file(&installation.ca_bundle(), bundle.as_bytes(), 0o644)
}

#[cfg(test)]
mod tests {
    use portcullis_model::SystemClock;

    use super::*;

    fn ca(folder: &std::path::Path) -> LocalCa {
        let installation = Installation::open(folder).unwrap();
        LocalCa::open_or_create(&installation, "portcullis.localhost", Arc::new(SystemClock)).unwrap()
    }

    #[test]
    fn only_our_hosts_get_a_leaf() {
        let folder = std::env::temp_dir().join(format!("portcullis-ca-{}", std::process::id()));
        let ca = ca(&folder);
        for name in [
            "abc.execute-api.us-east-1.portcullis.localhost",
            "cognito-idp.us-east-1.amazonaws.com",
            "x.cloudfront.net",
            "localhost",
        ] {
            assert!(ca.server_config(Some(name)).is_some(), "{name}");
        }
        assert!(ca.server_config(None).is_some());
        for name in ["example.com", "evilamazonaws.com", "localhost.example.com"] {
            assert!(ca.server_config(Some(name)).is_none(), "{name}");
        }
        let mode = fs::metadata(folder.join("ca.key")).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        let first = ca.certificate.clone();
        let again = super::tests::ca(&folder);
        assert_eq!(&first, &again.certificate, "a second start keeps the CA");
        fs::remove_dir_all(folder).unwrap();
    }
}
