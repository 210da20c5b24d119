//! The configuration file of `serve`: TOML to a raw structure to checked settings. Unknown keys are errors; nothing
//! has a default that opens a door.

use std::{
    collections::{BTreeMap, HashMap},
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::Arc,
};

use anyhow::{Context, Result, bail, ensure};
use portcullis_egress::AddressRange;
use portcullis_gateway::{
    BODY_BYTES_MAX,
    edge::ServerConfigs,
    http::{SourceFrom, TrustedProxies},
    snapshot::stage_tags::ObservedStages,
    upstreams::Upstreams,
    vpc_endpoints::VpcEndpoints,
};
use portcullis_model::{
    Scope, SecretText,
    resources::{apigateway::ACCOUNT_THROTTLE, usage_plans::Throttle},
};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use serde::Deserialize;

use crate::{
    acme::{AcmeSettings, check_acme},
    local_ca::server_config,
    service_endpoints::ServiceEndpoints,
    settings::{
        RunFunctions, Settings, check_account, check_buckets, check_domain, check_functions, check_logs,
        check_region, check_throttle, check_upstreams, check_vpc_endpoints, read_endpoint_policy, upstream,
        vpc_endpoint,
    },
    wiring::{Certified, cores},
};

/// The file, as written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Config {
    /// The data directory.
    pub(crate) data: PathBuf,
    /// The file with the root key; made by `credentials create` when it is missing. Keep a copy elsewhere.
    root_key: PathBuf,
    account: String,
    region: String,
    /// `{api}.execute-api.{region}.{domain}` and the other hosts are under it.
    domain: String,
    /// The base of `iss`: `https://id.example.com`.
    issuer: String,
    listeners: Listeners,
    certificates: Vec<Certificate>,
    /// The port that users reach the public listener at, which links in mails name; 443 when absent.
    public_port: Option<u16>,
    /// Ranges such as `10.0.0.0/8` that integrations may connect to, beside public addresses.
    #[serde(default)]
    integration_ranges: Vec<String>,
    /// Ranges of the proxies that stand before the public listeners, whose word on the source of a request counts.
    #[serde(default)]
    trusted_proxies: Vec<String>,
    /// How they give their word; `x-forwarded-for` when absent.
    source_from: Option<Source>,
    /// Threads that serve requests; one a core when absent.
    workers: Option<usize>,
    /// What the account may do over all its APIs; AWS's throttle when absent.
    account_throttle: Option<AccountThrottle>,
    /// URLs of HTTP endpoints that speak the Lambda Invoke API, by function ARN.
    #[serde(default)]
    functions: BTreeMap<String, String>,
    /// Run functions as processes of this machine: they are trusted code, without walls.
    #[serde(default)]
    local_functions: bool,
    /// Folders that stand for buckets, by name.
    #[serde(default)]
    buckets: BTreeMap<String, PathBuf>,
    /// Networks that stand for VPC endpoints, which private APIs answer to.
    #[serde(default)]
    vpc_endpoints: Vec<VpcEndpointEntry>,
    /// Layers that only observe, by `API/STAGE`.
    #[serde(default)]
    observe: BTreeMap<String, Vec<String>>,
    /// Servers that VPC links lead to.
    #[serde(default)]
    upstreams: Vec<UpstreamEntry>,
    /// Services that are elsewhere, for integrations.
    service_endpoints: Option<ServiceEndpointsEntry>,
    /// Where access logs go: `files`, which it is when absent, or `stdout`.
    #[serde(default)]
    access_logs: AccessLogs,
    /// Seal the files of access logs, execution logs and functions' logs.
    #[serde(default)]
    encrypt_logs: bool,
    /// Bytes of a request's body where nothing holds it whole; AWS's 10 MiB when absent.
    streamed_body_bytes_max: Option<usize>,
    /// Who issues certificates that are asked for; nobody when absent.
    acme: Option<Acme>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct VpcEndpointEntry {
    /// `vpce-0123456789abcdef0`.
    id: String,
    /// `vpc-0123456789abcdef0`.
    vpc: String,
    /// Ranges such as `10.0.0.0/16`.
    networks: Vec<String>,
    /// The file with the endpoint's policy; without one everybody may call everything through it.
    policy: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UpstreamEntry {
    /// Of a load balancer, a listener or a Cloud Map service.
    arn: String,
    /// `10.0.1.10:8080`.
    servers: Vec<String>,
    /// What a healthy server answers with 2xx or 3xx; it takes connections when absent.
    health_path: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "kebab-case")]
enum AccessLogs {
    #[default]
    Files,
    Stdout,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ServiceEndpointsEntry {
    /// A JSON file with `access_key_id` and `secret_access_key`, mode 0600.
    credentials: PathBuf,
    /// By service: `sqs`.
    urls: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Acme {
    /// The https URL of the CA's directory.
    directory: String,
    /// `mailto:` and an address, each.
    #[serde(default)]
    contacts: Vec<String>,
    /// Must be true: the CA's terms are yours to accept.
    agree_to_terms_of_service: bool,
    /// What a CA gave out to bind the account to one of its own.
    external_account: Option<ExternalAccount>,
    /// PEM with roots to trust for the CA's own servers, beside the system's.
    roots: Option<PathBuf>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExternalAccount {
    key_id: String,
    /// A file with the key in base64url.
    hmac_key_file: PathBuf,
}

impl Acme {
    fn settings(&self, has_clear_text: bool) -> Result<AcmeSettings> {
        ensure!(
            self.agree_to_terms_of_service,
            "acme.agree_to_terms_of_service: expected true, after you have read them"
        );
        ensure!(
            has_clear_text,
            "acme: the CA looks at port 80 of each name: set listeners.public_http"
        );
        let external_account = match &self.external_account {
            None => None,
            Some(external) => {
                let name = external.hmac_key_file.display();
                let key = fs::read_to_string(&external.hmac_key_file)
                    .with_context(|| format!("`{name}` cannot be read"))?;
                let key = SecretText::new(key.trim().to_owned());
                Some((external.key_id.clone(), key))
            }
        };
        let settings = AcmeSettings {
            directory: self.directory.clone(),
            contacts: self.contacts.clone(),
            external_account,
            roots: self.roots.clone(),
        };
        check_acme(&settings)?;
        Ok(settings)
    }
}

#[derive(Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct AccountThrottle {
    /// Requests a second.
    rate: f64,
    /// Requests at once.
    burst: u32,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Source {
    #[default]
    XForwardedFor,
    Forwarded,
    ProxyProtocol,
}

impl From<Source> for SourceFrom {
    fn from(source: Source) -> Self {
        match source {
            Source::XForwardedFor => Self::XForwardedFor,
            Source::Forwarded => Self::Forwarded,
            Source::ProxyProtocol => Self::ProxyProtocol,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Listeners {
    public: SocketAddr,
    admin: SocketAddr,
    /// Only redirects to https.
    public_http: Option<SocketAddr>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Certificate {
    /// Host names, `*.` for one label.
    hosts: Vec<String>,
    /// PEM, leaf first.
    chain: PathBuf,
    /// PEM.
    key: PathBuf,
}

/// Certificates from files, by host.
pub(crate) struct FileCertificates {
    exact: HashMap<String, Arc<ServerConfig>>,
    /// By what follows the `*`: `.example.com`.
    wildcard: HashMap<String, Arc<ServerConfig>>,
}

/// What is held whole is within AWS's limit; what streams may be longer, never shorter.
fn check_streamed(bytes: Option<usize>) -> Result<()> {
    ensure!(
        bytes.is_none_or(|bytes| bytes >= BODY_BYTES_MAX),
        "streamed_body_bytes_max: expected at least {BODY_BYTES_MAX}, which is what AWS takes"
    );
    Ok(())
}

fn read_ranges(name: &str, texts: &[String], mistakes: &mut Vec<String>) -> Vec<AddressRange> {
    let mut ranges = Vec::new();
    for text in texts {
        match text.parse::<AddressRange>() {
            Ok(range) => ranges.push(range),
            Err(cause) => mistakes.push(format!("{name}: `{text}`: {cause}")),
        }
    }
    ranges
}

/// Returns what was read; a mistake is noted, and nothing stands in its place.
fn or_mistake<T: Default>(read: Result<T>, mistakes: &mut Vec<String>) -> T {
    read.unwrap_or_else(|mistake| {
        mistakes.push(format!("{mistake:#}"));
        T::default()
    })
}

impl Config {
    /// Reads the file.
    pub(crate) fn read(path: &Path) -> Result<Self> {
        let name = path.display();
        let text = fs::read_to_string(path).with_context(|| format!("`{name}` cannot be read"))?;
        toml::from_str(&text).with_context(|| format!("`{name}` is not a valid configuration"))
    }

    fn run_functions(&self) -> RunFunctions {
        if self.local_functions {
            RunFunctions::Always
        } else {
            RunFunctions::Never
        }
    }

    fn service_endpoints(&self) -> ServiceEndpoints {
        let given = self.service_endpoints.as_ref();
        given.map_or_else(ServiceEndpoints::default, |given| ServiceEndpoints {
            urls: given.urls.clone(),
            credentials: Some(given.credentials.clone()),
        })
    }

    /// Returns where the root key is.
    pub(crate) fn root_key(&self) -> &Path {
        &self.root_key
    }

    /// Checks what can be checked without a server; says everything that is wrong at once.
    pub(crate) fn settings(&self) -> Result<Settings> {
        let mut mistakes = Vec::new();
        for check in [
            check_account(&self.account),
            check_region(&self.region),
            check_domain(&self.domain),
            check_functions(&self.functions),
            check_buckets(&self.buckets),
            check_throttle(&self.account_throttle()),
            check_streamed(self.streamed_body_bytes_max),
            self.service_endpoints().check(),
            check_logs(self.access_logs == AccessLogs::Stdout, self.encrypt_logs),
        ] {
            mistakes.extend(check.err().map(|error| error.to_string()));
        }
        if !is_issuer(&self.issuer) {
            mistakes.push(format!(
                "issuer `{}`: expected an https URL without port and query, such as `https://id.example.com`",
                self.issuer
            ));
        }
        let ranges = read_ranges("integration_ranges", &self.integration_ranges, &mut mistakes);
        let proxies = read_ranges("trusted_proxies", &self.trusted_proxies, &mut mistakes);
        if self.source_from.is_some() && self.trusted_proxies.is_empty() {
            mistakes.push("source_from: `trusted_proxies` names nobody who would say it".into());
        }
        let vpc_endpoints = or_mistake(self.vpc_endpoints().context("vpc_endpoints"), &mut mistakes);
        let observed = or_mistake(self.observed().context("observe"), &mut mistakes);
        let upstreams = or_mistake(self.upstreams().context("upstreams"), &mut mistakes);
        if self.workers == Some(0) {
            mistakes.push("workers: expected at least 1".into());
        }
        let has_clear_text = self.listeners.public_http.is_some();
        let acme = self.acme.as_ref().map(|acme| acme.settings(has_clear_text));
        let acme = or_mistake(acme.transpose(), &mut mistakes);
        if self.certificates.is_empty() {
            mistakes.push("certificates: expected at least one; nothing is generated here".into());
        }
        ensure!(mistakes.is_empty(), "{}", mistakes.join("; "));
        Ok(Settings {
            root_key: self.root_key.clone(),
            scope: Scope::new(self.account.as_str(), self.region.as_str()),
            domain: self.domain.clone(),
            issuer: Some(self.issuer.trim_end_matches('/').to_owned()),
            path_forms: false,
            public: self.listeners.public,
            public_http: self.listeners.public_http,
            redirect_http: true,
            admin: self.listeners.admin,
            proxy: None,
            workers: self.workers.unwrap_or_else(cores),
            public_port: Some(self.public_port.unwrap_or(443)),
            integration_ranges: Some(ranges),
            trusted_proxies: self.trusted(proxies),
            certified: Certified::Files {
                hosts: self.hosts().collect(),
            },
            acme,
            account_throttle: self.account_throttle(),
            functions: self.functions.clone(),
            local_functions: self.run_functions(),
            buckets: self.buckets.clone(),
            vpc_endpoints,
            observed,
            upstreams,
            service_endpoints: self.service_endpoints(),
            access_logs_to_stdout: self.access_logs == AccessLogs::Stdout,
            encrypt_logs: self.encrypt_logs,
            streamed_body_bytes_max: self.streamed_body_bytes_max,
        })
    }

    /// Returns the host names that there are certificates for, in lower case.
    fn hosts(&self) -> impl Iterator<Item = String> {
        let all = self
            .certificates
            .iter()
            .flat_map(|certificate| &certificate.hosts);
        all.map(|host| host.to_ascii_lowercase())
    }

    fn upstreams(&self) -> Result<Upstreams> {
        let all = self.upstreams.iter().map(|entry| {
            let servers = entry.servers.iter().map(String::as_str);
            upstream(&entry.arn, servers, entry.health_path.clone())
        });
        check_upstreams(all.collect::<Result<_>>()?)
    }

    fn trusted(&self, proxies: Vec<AddressRange>) -> Option<TrustedProxies> {
        (!proxies.is_empty()).then(|| TrustedProxies {
            ranges: proxies.into(),
            source_from: self.source_from.unwrap_or_default().into(),
        })
    }

    fn observed(&self) -> Result<ObservedStages> {
        ObservedStages::new(&self.observe).map_err(anyhow::Error::msg)
    }

    fn vpc_endpoints(&self) -> Result<VpcEndpoints> {
        let all = self.vpc_endpoints.iter().map(|entry| {
            let networks = entry.networks.iter().map(String::as_str);
            let mut endpoint = vpc_endpoint(&entry.id, &entry.vpc, networks)?;
            if let Some(file) = &entry.policy {
                read_endpoint_policy(&mut endpoint, file)?;
            }
            Ok(endpoint)
        });
        check_vpc_endpoints(all.collect::<Result<_>>()?)
    }

    fn account_throttle(&self) -> Throttle {
        self.account_throttle
            .map_or(ACCOUNT_THROTTLE, |throttle| Throttle {
                burst_limit: throttle.burst,
                rate_limit: throttle.rate,
            })
    }

    /// Reads the certificates.
    pub(crate) fn certificates(&self) -> Result<FileCertificates> {
        let mut found = FileCertificates {
            exact: HashMap::new(),
            wildcard: HashMap::new(),
        };
        for certificate in &self.certificates {
            let config = certificate.read()?;
            for host in &certificate.hosts {
                let host = host.to_ascii_lowercase();
                let map = if host.starts_with("*.") {
                    &mut found.wildcard
                } else {
                    &mut found.exact
                };
                let name = host.strip_prefix('*').unwrap_or(&host).to_owned();
                if map.insert(name, config.clone()).is_some() {
                    bail!("certificates: `{host}` is named twice");
                }
            }
        }
        Ok(found)
    }
}

/// Tells whether `text` may be the base of `iss`: never with a port, which would change with the listener.
fn is_issuer(text: &str) -> bool {
    let Some((host, path)) = text
        .strip_prefix("https://")
        .map(|rest| rest.split_once('/').unwrap_or((rest, "")))
    else {
        return false;
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    check_domain(host).is_ok() && path.bytes().all(plain)
}

impl Certificate {
    fn read(&self) -> Result<Arc<ServerConfig>> {
        let (chain_name, key_name) = (self.chain.display(), self.key.display());
        let chain = CertificateDer::pem_file_iter(&self.chain)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|cause| anyhow::anyhow!("`{chain_name}` cannot be read: {cause}"))?;
        let key = PrivateKeyDer::from_pem_file(&self.key)
            .map_err(|cause| anyhow::anyhow!("`{key_name}` cannot be read: {cause}"))?;
        server_config(chain, key)
            .with_context(|| format!("`{chain_name}` and `{key_name}` do not go together"))
    }
}

impl ServerConfigs for FileCertificates {
    fn server_config(&self, server_name: Option<&str>) -> Option<Arc<ServerConfig>> {
        let name = server_name?;
        let by_wildcard = || name.find('.').and_then(|at| self.wildcard.get(name.get(at..)?));
        self.exact.get(name).or_else(by_wildcard).cloned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn issuers_are_https_urls_without_a_port() {
        for good in [
            "https://id.example.com",
            "https://id.example.com/",
            "https://id.example.com/pools",
        ] {
            assert!(is_issuer(good), "{good}");
        }
        for bad in [
            "http://id.example.com",
            "https://",
            "https://id.example.com:8443",
            "https://user@id.example.com",
            "https://id.example.com/?a",
            "https://id.example.com/#a",
            "id.example.com",
        ] {
            assert!(!is_issuer(bad), "{bad}");
        }
    }
}
