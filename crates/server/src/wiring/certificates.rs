//! Which custom domain names the edge has certificates for.

use std::{
    future::Future,
    pin::Pin,
    sync::{Arc, OnceLock},
};

use anyhow::Result;

use portcullis_control::ports::{self, Issuance, IssuedPem};
use portcullis_gateway::{
    client_certificates::Authorities,
    edge::{certified_key, check_chain},
    snapshot::Snapshots,
};
use portcullis_model::{Clock as _, SecretText, SystemClock, Timestamp};

use rcgen::{CertificateParams, DistinguishedName, DnType, IsCa};

use crate::{local_ca::new_key, settings::Settings};

/// Where certificates come from.
#[derive(Clone, Debug)]
pub(crate) enum Certified {
    /// The local CA, for what lies under `localhost` and the domain.
    LocalCa { domain: String },
    /// Files, for these hosts; `*.` for one label.
    Files { hosts: Vec<String> },
}

/// What the edge can serve.
pub(super) struct Certificates {
    certified: Certified,
    snapshots: Arc<Snapshots>,
    issuer: OnceLock<Arc<dyn Issuer>>,
}

/// Issues certificates for this installation.
pub(crate) trait Issuer: Send + Sync {
    /// Issues one for `names` with a new key.
    fn issue(&self, names: &[String], key_algorithm: &str) -> Issuance;

    /// Issues one that could not be issued at once, or that is to be renewed.
    fn issue_later<'a>(
        &'a self,
        names: &'a [String],
        key_algorithm: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<IssuedPem>> + Send + 'a>>;
}

impl Certificates {
    pub(super) fn of(settings: &Settings, snapshots: &Arc<Snapshots>) -> Self {
        Self {
            certified: settings.certified.clone(),
            snapshots: Arc::clone(snapshots),
            issuer: OnceLock::new(),
        }
    }

    /// Returns who issues.
    pub(super) fn issuer(&self) -> Option<Arc<dyn Issuer>> {
        self.issuer.get().cloned()
    }

    /// Says who issues; once, before anybody asks.
    pub(super) fn issued_by(&self, issuer: Arc<dyn Issuer>) {
        if self.issuer.set(issuer).is_err() {
            tracing::error!("somebody issues certificates already");
        }
    }
}

impl ports::Certificates for Certificates {
    fn check(&self, name: &str) -> Result<(), String> {
        self.check_free(name)?;
        self.certified.check(name)
    }

    fn check_free(&self, name: &str) -> Result<(), String> {
        if self.snapshots.take().hosts().is_built_in(name) {
            return Err(format!("`{name}` is served already, as a host of its own"));
        }
        Ok(())
    }

    fn check_pair(&self, certificate: &str, chain: &str, private_key: &SecretText) -> Result<(), String> {
        let whole = format!("{}\n{chain}", certificate.trim_end());
        certified_key(&whole, private_key)
            .and_then(|_| check_chain(&whole, SystemClock.now()))
            .map_err(|cause| cause.to_string())
    }

    fn issue(&self, names: &[String], key_algorithm: &str) -> Issuance {
        let Some(issuer) = self.issuer.get() else {
            return Issuance::Refused(
                "nobody issues certificates here: import one with ImportCertificate".into(),
            );
        };
        issuer.issue(names, key_algorithm)
    }

    fn make_client_certificate(&self, from: Timestamp, until: Timestamp) -> Result<IssuedPem, String> {
        client_certificate(from, until).map_err(|cause| format!("{cause:#}"))
    }

    fn check_truststore(&self, pem: &[u8]) -> Result<(), String> {
        Authorities::compile(pem, SystemClock.now()).map(drop)
    }
}

/// Makes a certificate that nobody else signs, for stages to present to their backends: name and key are AWS's.
fn client_certificate(from: Timestamp, until: Timestamp) -> Result<IssuedPem> {
    let key = new_key("RSA_2048")?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    for (kind, value) in [
        (DnType::CountryName, "US"),
        (DnType::LocalityName, "Seattle"),
        (DnType::CommonName, "ApiGateway"),
    ] {
        params.distinguished_name.push(kind, value);
    }
    params.not_before = from.utc();
    params.not_after = until.utc();
    // AWS's have no identifiers of their keys. All have one name: by these a backend that trusts two knows which is which.
    params.is_ca = IsCa::ExplicitNoCa;
    params.use_authority_key_identifier_extension = true;
    Ok(IssuedPem {
        certificate: params.self_signed(&key)?.pem(),
        chain: String::new(),
        private_key: SecretText::new(key.serialize_pem()),
    })
}

impl Certified {
    fn check(&self, name: &str) -> Result<(), String> {
        match self {
            Self::LocalCa { domain } => {
                let under = |suffix: &str| name.strip_suffix(suffix).is_some_and(|rest| rest.ends_with('.'));
                if under("localhost") || under(domain) {
                    return Ok(());
                }
                Err(format!(
                    "the local CA makes certificates for names under `{domain}` and `localhost` alone: take such a name here, and \
                     serve `{name}` with `portcullis serve`, which reads its certificate from a file"
                ))
            }
            Self::Files { hosts } => {
                let covers = |host: &String| match host.strip_prefix('*') {
                    Some(suffix) => name.find('.').is_some_and(|at| name.get(at..) == Some(suffix)),
                    None => host == name,
                };
                if hosts.iter().any(covers) {
                    return Ok(());
                }
                Err(format!(
                    "there is no certificate for `{name}`: add `[[certificates]]` with it to the configuration, and start anew"
                ))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_ca_certifies_what_lies_under_its_names() {
        let certified = Certified::LocalCa {
            domain: "portcullis.localhost".into(),
        };
        for name in ["api.portcullis.localhost", "api.shop.localhost"] {
            assert_eq!(certified.check(name), Ok(()), "{name}");
        }
        for name in [
            "api.example.com",
            "portcullis.localhost.example.com",
            "evillocalhost",
            "x.amazonaws.com",
        ] {
            assert!(
                certified.check(name).unwrap_err().contains("portcullis serve"),
                "{name}"
            );
        }
    }

    #[test]
    fn files_certify_their_hosts_and_one_label_under_a_star() {
        let certified = Certified::Files {
            hosts: vec!["api.example.com".into(), "*.shop.example".into()],
        };
        for name in ["api.example.com", "a.shop.example"] {
            assert_eq!(certified.check(name), Ok(()), "{name}");
        }
        for name in ["b.example.com", "a.b.shop.example", "shop.example"] {
            assert!(
                certified.check(name).unwrap_err().contains("[[certificates]]"),
                "{name}"
            );
        }
    }
}
