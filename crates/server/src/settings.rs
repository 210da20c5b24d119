//! What a server runs with, whether `up` or `serve` said so; and the checks on what was said.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::{Context as _, Result, bail, ensure};
use portcullis_egress::AddressRange;
use portcullis_gateway::{
    http::TrustedProxies,
    snapshot::stage_tags::ObservedStages,
    upstreams::{UpstreamSettings, Upstreams},
    vpc_endpoints::{VpcEndpoint, VpcEndpoints},
};
use portcullis_model::{Scope, arn::Arn, resources::usage_plans::Throttle};

use crate::{acme::AcmeSettings, service_endpoints::ServiceEndpoints, wiring::Certified};

/// Where and as what a server runs.
#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) root_key: PathBuf,
    pub(crate) scope: Scope,
    pub(crate) domain: String,
    /// The base of issuers under `serve`; none: AWS's own form.
    pub(crate) issuer: Option<String>,
    /// Path forms such as `/_aws/execute-api/…`: under `up` alone.
    pub(crate) path_forms: bool,
    pub(crate) public: SocketAddr,
    /// The port in links to our hosts; none: the public listener's own.
    pub(crate) public_port: Option<u16>,
    pub(crate) public_http: Option<SocketAddr>,
    /// The clear-text listener only redirects to https.
    pub(crate) redirect_http: bool,
    pub(crate) admin: SocketAddr,
    pub(crate) proxy: Option<SocketAddr>,
    pub(crate) workers: usize,
    /// Ranges beside public addresses that integrations may connect to; none: anything, under `up`.
    pub(crate) integration_ranges: Option<Vec<AddressRange>>,
    /// Proxies that stand before the public listeners.
    pub(crate) trusted_proxies: Option<TrustedProxies>,
    /// URLs of HTTP endpoints that speak the Lambda Invoke API, by function ARN.
    pub(crate) functions: BTreeMap<String, String>,
    /// The names that the public listener has certificates for.
    pub(crate) certified: Certified,
    /// Who issues certificates that are asked for; none: the local CA under `up`, nobody under `serve`.
    pub(crate) acme: Option<AcmeSettings>,
    /// What an account may do in a region, over all its APIs.
    pub(crate) account_throttle: Throttle,
    /// Whether functions run as processes of this machine.
    pub(crate) local_functions: RunFunctions,
    /// Folders that stand for buckets, by name.
    pub(crate) buckets: BTreeMap<String, PathBuf>,
    /// Services that are elsewhere.
    pub(crate) service_endpoints: ServiceEndpoints,
    /// Whether access logs go to standard output and not to files.
    pub(crate) access_logs_to_stdout: bool,
    /// Whether the files of logs are sealed under the root key.
    pub(crate) encrypt_logs: bool,
    /// Bytes of a request's body where nothing holds it whole; none: AWS's limit.
    pub(crate) streamed_body_bytes_max: Option<usize>,
    /// Networks that private APIs answer to.
    pub(crate) vpc_endpoints: VpcEndpoints,
    /// Stages of which some layers only observe, whatever their tags say.
    pub(crate) observed: ObservedStages,
    /// Servers that VPC links lead to.
    pub(crate) upstreams: Upstreams,
}

/// Whether functions run as processes of this machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RunFunctions {
    Never,
    /// Under `up`: where there is a `python3`.
    IfPossible,
    /// Under `serve`, when it is asked for.
    Always,
}

/// Rejects an account that is not twelve digits.
pub(crate) fn check_account(account: &str) -> Result<()> {
    ensure!(
        account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()),
        "account `{account}`: expected twelve digits"
    );
    Ok(())
}

/// Rejects a region that clients would not accept: `us-east-1`, `eu-self-1`.
pub(crate) fn check_region(region: &str) -> Result<()> {
    let parts: Vec<&str> = region.split('-').collect();
    let word = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_lowercase());
    let numbered = parts
        .last()
        .is_some_and(|last| last.len() == 1 && last.bytes().all(|byte| byte.is_ascii_digit()));
    let words = parts
        .len()
        .checked_sub(1)
        .and_then(|count| parts.get(..count))
        .unwrap_or_default();
    ensure!(
        numbered && (2..=3).contains(&words.len()) && words.iter().all(word),
        "region `{region}`: expected the form of `us-east-1`"
    );
    Ok(())
}

/// Rejects a domain that is not a host name.
pub(crate) fn check_domain(domain: &str) -> Result<()> {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if domain.len() > 200 || !domain.split('.').all(label) {
        bail!("domain `{domain}`: expected a host name such as `portcullis.localhost`");
    }
    Ok(())
}

/// What goes to standard output is in clear.
pub(crate) fn check_logs(to_stdout: bool, encrypted: bool) -> Result<()> {
    ensure!(
        !(to_stdout && encrypted),
        "logs: access logs on standard output cannot be sealed: choose one"
    );
    Ok(())
}

/// Rejects a binding whose key is no function's ARN or whose value is no http URL.
pub(crate) fn check_functions(functions: &BTreeMap<String, String>) -> Result<()> {
    for (arn, url) in functions {
        let parsed = arn.parse::<Arn>().ok();
        ensure!(
            parsed.is_some_and(|arn| arn.service == "lambda" && arn.resource.starts_with("function:")),
            "function `{arn}`: expected a function's ARN, such as \
             `arn:aws:lambda:us-east-1:000000000000:function:NAME`"
        );
        ensure!(
            url.starts_with("http://") || url.starts_with("https://"),
            "function `{arn}`: `{url}` is no http or https URL"
        );
    }
    Ok(())
}

/// Reads `VPC:CIDR,CIDR…` of the VPC endpoint `id`, as `--vpc-endpoint` gives it.
pub(crate) fn read_vpc_endpoint(id: &str, text: &str) -> Result<VpcEndpoint> {
    let form = "expected ID=VPC:CIDR, such as `vpce-0123456789abcdef0=vpc-0123456789abcdef0:10.0.0.0/16`";
    let Some((vpc, networks)) = text.split_once(':') else {
        bail!("--vpc-endpoint `{id}={text}`: {form}");
    };
    vpc_endpoint(id, vpc, networks.split(','))
}

/// Reads a VPC endpoint with its networks.
pub(crate) fn vpc_endpoint<'a>(
    id: &str,
    vpc: &str,
    networks: impl Iterator<Item = &'a str>,
) -> Result<VpcEndpoint> {
    let mut ranges = Vec::new();
    for network in networks {
        match network.parse::<AddressRange>() {
            Ok(range) => ranges.push(range),
            Err(cause) => bail!("VPC endpoint `{id}`: {cause}"),
        }
    }
    Ok(VpcEndpoint {
        id: id.to_owned(),
        vpc: vpc.to_owned(),
        networks: ranges,
        policy: None,
    })
}

/// Gives a VPC endpoint the policy that `file` holds.
pub(crate) fn read_endpoint_policy(endpoint: &mut VpcEndpoint, file: &Path) -> Result<()> {
    let shown = file.display();
    let document = std::fs::read_to_string(file)
        .with_context(|| format!("VPC endpoint `{}`: policy `{shown}` cannot be read", endpoint.id))?;
    endpoint
        .set_policy(&document)
        .map_err(|cause| anyhow::anyhow!("VPC endpoint `{}`: policy `{shown}`: {cause}", endpoint.id))
}

/// Rejects VPC endpoints that nobody could tell apart.
pub(crate) fn check_vpc_endpoints(all: Vec<VpcEndpoint>) -> Result<VpcEndpoints> {
    VpcEndpoints::new(all).map_err(|cause| anyhow::anyhow!("VPC endpoint {cause}"))
}

/// Reads `ADDRESS:PORT,ADDRESS:PORT…[/HEALTH-PATH]` of an upstream, as `--upstream` gives it.
pub(crate) fn read_upstream(arn: &str, text: &str) -> Result<UpstreamSettings> {
    let (servers, path) = match text.find('/').and_then(|at| text.split_at_checked(at)) {
        Some((servers, path)) => (servers, Some(path.to_owned())),
        None => (text, None),
    };
    upstream(arn, servers.split(','), path)
}

/// Reads an upstream with its servers.
pub(crate) fn upstream<'a>(
    arn: &str,
    servers: impl Iterator<Item = &'a str>,
    health_path: Option<String>,
) -> Result<UpstreamSettings> {
    let mut addresses = Vec::new();
    for server in servers {
        match server.parse() {
            Ok(address) => addresses.push(address),
            Err(_) => bail!(
                "upstream `{arn}`: `{server}`: expected an address and a port, such as `10.0.1.10:8080`"
            ),
        }
    }
    Ok(UpstreamSettings {
        arn: arn.to_owned(),
        servers: addresses,
        health_path,
    })
}

/// Rejects upstreams that nobody could tell apart.
pub(crate) fn check_upstreams(all: Vec<UpstreamSettings>) -> Result<Upstreams> {
    Upstreams::new(all).map_err(|cause| anyhow::anyhow!("upstream {cause}"))
}

/// Rejects a throttle that is no rate.
pub(crate) fn check_throttle(throttle: &Throttle) -> Result<()> {
    ensure!(
        throttle.rate_limit.is_finite() && throttle.rate_limit > 0.0 && throttle.burst_limit > 0,
        "account_throttle: expected a rate and a burst above 0"
    );
    Ok(())
}

/// Rejects a binding whose folder is not there.
pub(crate) fn check_buckets(buckets: &BTreeMap<String, PathBuf>) -> Result<()> {
    for (name, folder) in buckets {
        ensure!(!name.is_empty(), "bucket: expected NAME=DIR");
        ensure!(
            folder.is_dir(),
            "bucket `{name}`: there is no folder `{}`",
            folder.display()
        );
    }
    Ok(())
}
