//! A custom domain with and without mutual TLS, over TLS both times: certificates, the template's part, and the client.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::ClientConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, ServerName};
use serde_json::json;
use tokio_rustls::TlsConnector;

use super::layers::Template;
use super::proxies::portcullis::Portcullis;
use super::tls::{self, Tls};

pub(super) const OPEN: &str = "open.bench.localhost";
pub(super) const MUTUAL: &str = "mutual.bench.localhost";
const BUCKET: &str = "bench-trust";
const TRUSTSTORE: &str = "truststore.pem";

/// The client's certificate and key, and the truststore that knows them.
pub(super) struct Client {
    certificate: CertificateDer<'static>,
    key: Vec<u8>,
    /// `NAME=DIR` of the bucket that holds the truststore.
    pub(super) bucket: String,
}

impl Client {
    /// Makes a CA and a client under it.
    pub(super) fn make(folder: &Path) -> Result<Self> {
        let folder = folder.join("trust");
        fs::create_dir_all(&folder)?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "bench root");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        fs::write(folder.join(TRUSTSTORE), root.pem())?;
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "bench client");
        Ok(Self {
            certificate: params.signed_by(&key, &root)?.der().clone(),
            key: key.serialize_der(),
            bucket: format!("{BUCKET}={}", folder.display()),
        })
    }

    /// Returns how to connect to a domain, with the certificate.
    pub(super) fn tls(&self, server: &Portcullis, name: &'static str) -> Result<Tls> {
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.key.clone()));
        let config = ClientConfig::builder()
            .with_root_certificates(tls::roots(&server.ca)?)
            .with_client_auth_cert(vec![self.certificate.clone()], key)?;
        Ok(Tls {
            connector: TlsConnector::from(Arc::new(config)),
            name: ServerName::try_from(name)?,
        })
    }
}

/// Adds both domains, which lead to the plain API.
pub(super) fn add_to(template: &mut Template<'_>) {
    let uri = format!("s3://{BUCKET}/{TRUSTSTORE}");
    for (id, name, mutual) in [
        ("DomainOpen", OPEN, None),
        ("DomainMutual", MUTUAL, Some(json!({"TruststoreUri": uri}))),
    ] {
        let mut domain = json!({"DomainName": name, "EndpointConfiguration": {"Types": ["REGIONAL"]}});
        if let (Some(domain), Some(mutual)) = (domain.as_object_mut(), mutual) {
            domain.insert("MutualTlsAuthentication".to_owned(), mutual);
        }
        let mapping =
            json!({"DomainName": {"Ref": id}, "RestApiId": {"Ref": "Api"}, "Stage": {"Ref": "Stage"}});
        let resources = &mut template.resources;
        resources.insert(
            id.to_owned(),
            json!({"Type": "AWS::ApiGateway::DomainName", "Properties": domain}),
        );
        resources.insert(
            format!("{id}Mapping"),
            json!({"Type": "AWS::ApiGateway::BasePathMapping", "Properties": mapping}),
        );
    }
}
