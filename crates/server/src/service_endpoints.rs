//! Endpoints of services that this program has not: the operator names them, and `AWS` integrations call them, signed with his
//! keys. Only services of the JSON protocols, whose calls name their action in a header.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_Integration.html>, `uri`:
//! `arn:aws:apigateway:{region}:{service}:action/{action}`.

use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt as _, path::PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use portcullis_control::services;
use portcullis_egress::Url;
use portcullis_engines::sigv4::Credentials;
use portcullis_model::SecretText;

use crate::installation::CredentialsFile;

/// Services by the name that URIs and signatures have for them: the prefix of `X-Amz-Target`, and the version of the JSON protocol.
const SERVICES: [(&str, &str, &str); 8] = [
    ("dynamodb", "DynamoDB_20120810", "1.0"),
    ("firehose", "Firehose_20150804", "1.1"),
    ("kinesis", "Kinesis_20131202", "1.1"),
    ("kms", "TrentService", "1.1"),
    ("logs", "Logs_20140328", "1.1"),
    ("sqs", "AmazonSQS", "1.0"),
    ("ssm", "AmazonSSM", "1.1"),
    ("states", "AWSStepFunctions", "1.0"),
];

/// Where services are, and with what calls to them are signed.
#[derive(Clone, Debug, Default)]
pub(crate) struct ServiceEndpoints {
    /// URLs by service.
    pub(crate) urls: BTreeMap<String, String>,
    /// A file of the form of `credentials.json`.
    pub(crate) credentials: Option<PathBuf>,
}

/// One of them, ready to call.
#[derive(Clone)]
pub(crate) struct ServiceEndpoint {
    pub(crate) url: Url,
    pub(crate) target_prefix: &'static str,
    pub(crate) content_type: String,
}

/// All of them.
pub(crate) struct OpenedEndpoints {
    pub(crate) endpoints: BTreeMap<String, ServiceEndpoint>,
    pub(crate) credentials: Credentials,
}

impl ServiceEndpoints {
    /// Tells whether there is one for a service.
    pub(crate) fn has(&self, service: &str) -> bool {
        self.urls.contains_key(service)
    }

    /// Says what is wrong with them.
    pub(crate) fn check(&self) -> Result<()> {
        for (service, url) in &self.urls {
            endpoint(service, url)?;
        }
        ensure!(
            self.urls.is_empty() || self.credentials.is_some(),
            "service endpoints: a file with the keys that calls are signed with is missing"
        );
        Ok(())
    }

    /// Reads the keys; none where there are no endpoints.
    pub(crate) fn open(&self) -> Result<Option<OpenedEndpoints>> {
        let Some(file) = self.credentials.as_ref().filter(|_| !self.urls.is_empty()) else {
            return Ok(None);
        };
        let name = file.display();
        let mode = fs::metadata(file).with_context(|| format!("`{name}` cannot be read"))?;
        ensure!(
            mode.permissions().mode() & 0o077 == 0,
            "`{name}` may be read by others: chmod 600 it"
        );
        let keys = CredentialsFile::read(file)?;
        let endpoints = self.urls.iter().map(|(service, url)| {
            let endpoint = endpoint(service, url)?;
            Ok((service.clone(), endpoint))
        });
        Ok(Some(OpenedEndpoints {
            endpoints: endpoints.collect::<Result<_>>()?,
            credentials: Credentials {
                access_key_id: keys.access_key_id,
                secret_access_key: SecretText::new(keys.secret_access_key),
                session_token: None,
            },
        }))
    }
}

fn endpoint(service: &str, url: &str) -> Result<ServiceEndpoint> {
    if services::ALL.iter().any(|known| known.name == service) {
        bail!("service `{service}`: it is served here, and nowhere else");
    }
    let known = SERVICES.iter().find(|(name, ..)| *name == service);
    let names = SERVICES.map(|(name, ..)| name).join(", ");
    let (_, target_prefix, version) =
        known.with_context(|| format!("service `{service}`: use one of {names}"))?;
    let url = Url::parse(url).with_context(|| format!("service `{service}`: `{url}`"))?;
    ensure!(
        !url.path_and_query.contains('?'),
        "service `{service}`: its URL must have no query"
    );
    Ok(ServiceEndpoint {
        url,
        target_prefix,
        content_type: format!("application/x-amz-json-{version}"),
    })
}
