//! `portcullis up`, as `--help` teaches it.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use clap::{Arg, ArgMatches, Command, value_parser};
use portcullis_gateway::{upstreams::Upstreams, vpc_endpoints::VpcEndpoints};
use portcullis_model::resources::usage_plans::Throttle;

use super::{address, data, flag, pairs, parameter, parameters, path, repeated, text, value};
use crate::service_endpoints::ServiceEndpoints;

/// `portcullis up`.
#[derive(Debug)]
pub(crate) struct Up {
    pub(crate) templates: Vec<PathBuf>,
    pub(crate) stack: Option<String>,
    pub(crate) parameters: BTreeMap<String, String>,
    pub(crate) data: PathBuf,
    pub(crate) region: String,
    pub(crate) account: String,
    pub(crate) domain: String,
    pub(crate) demo: bool,
    pub(crate) json: bool,
    /// Services that are elsewhere.
    pub(crate) service_endpoints: ServiceEndpoints,
    /// Write access logs to standard output.
    pub(crate) access_logs_to_stdout: bool,
    /// Seal the files of logs.
    pub(crate) encrypt_logs: bool,
    pub(crate) public: SocketAddr,
    pub(crate) public_http: SocketAddr,
    pub(crate) admin: SocketAddr,
    pub(crate) proxy: SocketAddr,
    /// URLs of HTTP endpoints that speak the Lambda Invoke API, by the ARN of the function that each stands for.
    pub(crate) functions: BTreeMap<String, String>,
    /// Folders, by the name of the bucket that each stands for.
    pub(crate) buckets: BTreeMap<String, PathBuf>,
    /// What the account may do over all its APIs.
    pub(crate) account_throttle: Throttle,
    /// Networks that private APIs answer to.
    pub(crate) vpc_endpoints: VpcEndpoints,
    /// Servers that VPC links lead to.
    pub(crate) upstreams: Upstreams,
}

pub(super) fn up() -> Command {
    Command::new("up")
        .about("Starts everything and deploys the templates; a second `up` continues where the first stopped")
        .after_help(
            "Examples:\n  portcullis up examples/quickstart/template.yaml --demo\n  \
             portcullis up                      # nothing deployed yet; use boto3 or the aws CLI\n\n\
             Ctrl-C stops. Everything is kept in the data directory; delete it to start anew.",
        )
        .arg(
            Arg::new("templates")
                .value_name("TEMPLATE")
                .num_args(0..)
                .help("CloudFormation templates, YAML or JSON; each becomes a stack")
                .value_parser(value_parser!(PathBuf)),
        )
        .arg(Arg::new("stack").long("stack").value_name("NAME").help(
            "The stack's name, with one template [default: the file's stem, or its folder's name for template.*]",
        ))
        .arg(parameter())
        .arg(data())
        .arg(text("region", "R", "us-east-1", "The region that everything is in"))
        .arg(text("account", "A", "000000000000", "The account that everything belongs to: twelve digits"))
        .arg(text("domain", "D", "portcullis.localhost", "The domain under which hosts are served"))
        .arg(flag("demo", "Adds a demo user to each pool and prints a curl that is refused and one that is admitted"))
        .arg(flag("access-logs-to-stdout", "Writes the access logs of stages to standard output, not to files"))
        .arg(flag("encrypt-logs", "Seals access logs, execution logs and functions' logs; `portcullis unseal` reads them"))
        .arg(flag("json", "Prints progress as JSON, one object a line"))
        .arg(address("public", "127.0.0.1:8443", "https: APIs, hosted pages, OAuth endpoints, JWKS"))
        .arg(address("public-http", "127.0.0.1:8080", "The same in clear text"))
        .arg(address("admin", "127.0.0.1:4566", "The AWS wire protocols"))
        .arg(address("proxy", "127.0.0.1:8444", "The forward proxy that `exec` uses"))
        .args(services())
        .arg(repeated(
            "function",
            "ARN=URL",
            "An HTTP endpoint that speaks the Lambda Invoke API and answers for the function ARN; may be repeated",
        ))
        .arg(text(
            "account-throttle",
            "RATE:BURST",
            "10000:5000",
            "Requests a second, and at once, over all APIs of the account",
        ))
        .arg(repeated(
            "bucket",
            "NAME=DIR",
            "A folder that stands for the bucket NAME, which templates name for code and truststores; may be repeated",
        ))
        .arg(repeated(
            "vpc-endpoint",
            "ID=VPC:CIDR,…",
            "Source addresses that come through the VPC endpoint ID, which private APIs answer to; may be repeated",
        ))
        .arg(repeated(
            "vpc-endpoint-policy",
            "ID=FILE",
            "The policy of the VPC endpoint ID: which calls go through it, and whose; may be repeated",
        ))
        .arg(repeated(
            "upstream",
            "ARN=ADDR,…[/PATH]",
            "Servers that VPC links reach by the ARN, healthy while they take connections, or answer PATH; may be repeated",
        ))
}

/// Where services are that integrations call, and with what such calls are signed.
fn services() -> [Arg; 2] {
    [
        repeated(
            "service",
            "NAME=URL",
            "Where a service such as `sqs` or `dynamodb` is that integrations call, signed; may be repeated",
        ),
        Arg::new("service-credentials")
            .long("service-credentials")
            .value_name("FILE")
            .help("The keys that such calls are signed with: JSON with access_key_id and secret_access_key, mode 0600")
            .value_parser(value_parser!(PathBuf)),
    ]
}

pub(super) fn read_up(matches: &ArgMatches) -> Result<Up> {
    let up = Up {
        templates: matches
            .get_many::<PathBuf>("templates")
            .into_iter()
            .flatten()
            .cloned()
            .collect(),
        stack: matches.get_one::<String>("stack").cloned(),
        parameters: parameters(matches)?,
        data: path(matches, "data")?,
        region: value(matches, "region")?,
        account: value(matches, "account")?,
        domain: value::<String>(matches, "domain")?.to_ascii_lowercase(),
        demo: matches.get_flag("demo"),
        json: matches.get_flag("json"),
        service_endpoints: ServiceEndpoints {
            urls: pairs(matches, "service", "NAME=URL")?,
            credentials: matches.get_one::<PathBuf>("service-credentials").cloned(),
        },
        access_logs_to_stdout: matches.get_flag("access-logs-to-stdout"),
        encrypt_logs: matches.get_flag("encrypt-logs"),
        public: value(matches, "public")?,
        public_http: value(matches, "public-http")?,
        admin: value(matches, "admin")?,
        proxy: value(matches, "proxy")?,
        functions: pairs(matches, "function", "ARN=URL")?,
        buckets: pairs(matches, "bucket", "NAME=DIR")?
            .into_iter()
            .map(|(name, folder)| (name, PathBuf::from(folder)))
            .collect(),
        account_throttle: throttle(&value::<String>(matches, "account-throttle")?)?,
        vpc_endpoints: vpc_endpoints(matches)?,
        upstreams: upstreams(matches)?,
    };
    if up.stack.is_some() && up.templates.len() != 1 {
        bail!(
            "--stack names the stack of one template, but {} were given",
            up.templates.len()
        );
    }
    if !up.proxy.ip().is_loopback() {
        bail!(
            "--proxy {}: the forward proxy tunnels for whoever reaches it, so it listens on loopback only",
            up.proxy
        );
    }
    crate::settings::check_account(&up.account)?;
    crate::settings::check_region(&up.region)?;
    crate::settings::check_domain(&up.domain)?;
    crate::settings::check_functions(&up.functions)?;
    crate::settings::check_buckets(&up.buckets)?;
    crate::settings::check_throttle(&up.account_throttle)?;
    up.service_endpoints.check()?;
    crate::settings::check_logs(up.access_logs_to_stdout, up.encrypt_logs)?;
    Ok(up)
}

fn vpc_endpoints(matches: &ArgMatches) -> Result<VpcEndpoints> {
    let given = pairs(matches, "vpc-endpoint", "ID=VPC:CIDR")?;
    let all = given
        .iter()
        .map(|(id, text)| crate::settings::read_vpc_endpoint(id, text));
    let mut all: Vec<_> = all.collect::<Result<_>>()?;
    for (id, file) in pairs(matches, "vpc-endpoint-policy", "ID=FILE")? {
        let named = all.iter_mut().find(|endpoint| endpoint.id == id);
        let named =
            named.with_context(|| format!("--vpc-endpoint-policy `{id}`: no --vpc-endpoint is called so"))?;
        crate::settings::read_endpoint_policy(named, Path::new(&file))?;
    }
    crate::settings::check_vpc_endpoints(all)
}

fn upstreams(matches: &ArgMatches) -> Result<Upstreams> {
    let given = pairs(matches, "upstream", "ARN=ADDRESS:PORT")?;
    let all = given
        .iter()
        .map(|(arn, text)| crate::settings::read_upstream(arn, text));
    crate::settings::check_upstreams(all.collect::<Result<_>>()?)
}

fn throttle(text: &str) -> Result<Throttle> {
    let parts = text.split_once(':').and_then(|(rate, burst)| {
        Some(Throttle {
            rate_limit: rate.parse().ok()?,
            burst_limit: burst.parse().ok()?,
        })
    });
    parts.with_context(|| format!("--account-throttle `{text}`: expected RATE:BURST, such as 10000:5000"))
}
