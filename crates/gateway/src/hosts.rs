//! Which host is what: an API, a site of ours, or nobody's. Hosts compare without port and case (RFC 3986 section 3.2.2).

use std::{
    borrow::Cow,
    net::{IpAddr, Ipv6Addr},
    rc::Rc,
    sync::Arc,
};

use foldhash::{HashMap, HashMapExt as _};
use portcullis_model::Region;

use crate::{ports::Site, snapshot::DomainSnapshot};

const API_FORM: &[u8] = b"/_aws/execute-api/";
const POOL_DOMAIN_FORM: &[u8] = b"/_aws/auth/";
const DISTRIBUTION_FORM: &[u8] = b"/_aws/cloudfront/";
const WELL_KNOWN: &[u8] = b"/.well-known/";
const HOST_BYTES_MAX: usize = 255;

/// What decides which hosts are ours.
#[derive(Clone, Debug)]
pub struct HostSettings {
    pub region: Region,
    /// `portcullis.localhost` unless `--domain`.
    pub domain: String,
    /// Under `up` alone: APIs and pool domains by path, on `localhost` and the listeners' addresses.
    pub path_forms: bool,
    /// What the public listeners are bound to; an unspecified address stands for every address.
    pub listener_addresses: Vec<IpAddr>,
    /// The services whose AWS hosts the forward proxy answers for: `sts`, `iam`.
    pub services: Vec<&'static str>,
    /// The host of the issuer under `serve`, where keys and metadata are found; none: AWS's own form.
    pub issuer_host: Option<String>,
}

/// The hosts that are ours, ready to compare.
#[derive(Clone, Debug)]
pub struct Hosts {
    api_suffixes: [String; 2],
    vpc_endpoint_suffixes: [String; 2],
    pool_domain_suffixes: [String; 2],
    distribution_suffixes: [String; 2],
    cognito_idp: Vec<String>,
    /// `sts.us-east-1.amazonaws.com` and `sts.amazonaws.com`.
    services: Vec<String>,
    path_forms: bool,
    listener_addresses: Vec<IpAddr>,
    any_address: bool,
    /// Custom domains by name.
    domains: HashMap<Box<str>, Arc<DomainSnapshot>>,
}

/// A VPC endpoint that a host names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NamedEndpoint {
    pub(crate) id: Box<str>,
    /// By a name that an API has because the endpoint is associated with it: `{api}-{vpce}`.
    pub(crate) is_alias: bool,
}

/// What a host tells by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HostKind {
    /// `{api}.execute-api.…`, or `{api}-{vpce}.execute-api.…`.
    Api {
        api_id: Rc<str>,
        endpoint: Option<NamedEndpoint>,
    },
    /// `{vpce}-….execute-api.{region}.vpce.…`: a header says which API.
    VpcEndpoint(Box<str>),
    Site(Site),
    /// A custom domain.
    Domain(Arc<DomainSnapshot>),
    /// `{id}.cloudfront.…`; the id in small letters.
    Distribution(Box<str>),
    /// `localhost` or a listener's address: the path tells.
    ByPath,
    Foreign,
}

/// The host that a worker saw last: most connections ask for one host again and again.
#[derive(Debug)]
pub(crate) struct LastHost {
    hosts: Arc<Hosts>,
    authority: String,
    kind: HostKind,
}

impl LastHost {
    /// Finds whom a request is for, from `last` where it still fits.
    pub(crate) fn find(
        last: &mut Option<Self>,
        hosts: &Arc<Hosts>,
        authority: &str,
        path: &[u8],
        is_operation: bool,
    ) -> Destination {
        let fits = |last: &&mut Self| last.authority == authority && Arc::ptr_eq(&last.hosts, hosts);
        let kind = match last.as_mut().filter(fits) {
            Some(known) => &known.kind,
            None => {
                let found = Self {
                    hosts: Arc::clone(hosts),
                    authority: authority.to_owned(),
                    kind: hosts.classify(authority),
                };
                &last.insert(found).kind
            }
        };
        hosts.locate(kind, path, is_operation)
    }
}

/// Whom a request is for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// An API, known or not; `/{stage}/…` starts at byte `path_start` of the target.
    Api {
        api_id: Rc<str>,
        endpoint: Option<NamedEndpoint>,
        path_start: usize,
    },
    /// A VPC endpoint by its own name; `x-apigw-api-id` says which API.
    VpcEndpoint(Box<str>),
    /// A site; its own path starts at byte `path_start` of the target.
    Site { site: Site, path_start: usize },
    /// A custom domain; what its paths lead to, the domain tells.
    Domain(Arc<DomainSnapshot>),
    /// A distribution, known or not; its own path starts at byte `path_start` of the target.
    Distribution { label: Box<str>, path_start: usize },
    /// One of our hosts, with nothing at this path.
    Nothing,
    /// Nobody's host, or no host at all: 421.
    Foreign,
}

impl Hosts {
    /// Compiles `settings`.
    pub fn compile(settings: &HostSettings) -> Self {
        let region = settings.region.as_str();
        let domain = settings.domain.to_ascii_lowercase();
        Self {
            api_suffixes: [
                format!(".execute-api.{region}.{domain}"),
                format!(".execute-api.{region}.amazonaws.com"),
            ],
            vpc_endpoint_suffixes: [
                format!(".execute-api.{region}.vpce.{domain}"),
                format!(".execute-api.{region}.vpce.amazonaws.com"),
            ],
            pool_domain_suffixes: [
                format!(".auth.{region}.{domain}"),
                format!(".auth.{region}.amazoncognito.com"),
            ],
            distribution_suffixes: [format!(".cloudfront.{domain}"), ".cloudfront.net".to_owned()],
            cognito_idp: [
                format!("cognito-idp.{region}.{domain}"),
                format!("cognito-idp.{region}.amazonaws.com"),
            ]
            .into_iter()
            .chain(
                settings
                    .issuer_host
                    .as_ref()
                    .map(|host| host.to_ascii_lowercase()),
            )
            .collect(),
            services: settings
                .services
                .iter()
                .flat_map(|service| {
                    [
                        format!("{service}.{region}.amazonaws.com"),
                        format!("{service}.amazonaws.com"),
                    ]
                })
                .collect(),
            path_forms: settings.path_forms,
            any_address: settings.listener_addresses.iter().any(IpAddr::is_unspecified),
            listener_addresses: settings.listener_addresses.clone(),
            domains: HashMap::new(),
        }
    }

    /// Returns the hosts with a custom domain added or replaced.
    pub(crate) fn with_domain(&self, domain: DomainSnapshot) -> Self {
        let mut changed = self.clone();
        changed.domains.insert(domain.name().into(), Arc::new(domain));
        changed
    }

    /// Returns the hosts without a custom domain.
    pub(crate) fn without_domain(&self, name: &str) -> Self {
        let mut changed = self.clone();
        changed.domains.remove(name);
        changed
    }

    /// Returns the custom domain called `name`, in lower case.
    pub(crate) fn domain(&self, name: &str) -> Option<&Arc<DomainSnapshot>> {
        self.domains.get(name)
    }

    /// Tells whether `name` is a host of ours whatever custom domains there are.
    pub fn is_built_in(&self, name: &str) -> bool {
        !matches!(self.classify(name), HostKind::Foreign | HostKind::Domain(_))
    }

    /// Tells whether `authority` names a host that this process answers for, an unknown API's included.
    pub fn is_ours(&self, authority: &str) -> bool {
        self.find(authority, b"/", false) != Destination::Foreign
    }

    /// Finds whom a request is for. `is_operation` tells that it is a `POST /` with an `X-Amz-Target`.
    pub(crate) fn find(&self, authority: &str, path: &[u8], is_operation: bool) -> Destination {
        self.locate(&self.classify(authority), path, is_operation)
    }

    /// Returns what a host tells by itself.
    pub(crate) fn classify(&self, authority: &str) -> HostKind {
        let name = match parse_host(authority) {
            Some(Host::Address(address)) if self.is_listener(address) => return HostKind::ByPath,
            Some(Host::Address(_)) | None => return HostKind::Foreign,
            Some(Host::Name(name)) => name,
        };
        if let Some(api_id) = label_before(&name, &self.api_suffixes) {
            let (api_id, endpoint) = api_of(api_id);
            return HostKind::Api { api_id, endpoint };
        }
        if let Some(id) = label_before(&name, &self.vpc_endpoint_suffixes).and_then(endpoint_of) {
            return HostKind::VpcEndpoint(id.into());
        }
        if let Some(prefix) = label_before(&name, &self.pool_domain_suffixes) {
            return HostKind::Site(Site::PoolDomain {
                prefix: prefix.into(),
            });
        }
        if let Some(label) = label_before(&name, &self.distribution_suffixes) {
            return HostKind::Distribution(label.into());
        }
        if self.cognito_idp.iter().any(|known| *known == *name) {
            return HostKind::Site(Site::CognitoIdp);
        }
        if self.services.iter().any(|known| *known == *name) {
            return HostKind::Site(Site::Service);
        }
        if name == "localhost" {
            return HostKind::ByPath;
        }
        if let Some(domain) = self.domains.get(name.as_ref()) {
            return HostKind::Domain(Arc::clone(domain));
        }
        HostKind::Foreign
    }

    /// Returns whom a request on a host of `kind` is for.
    pub(crate) fn locate(&self, kind: &HostKind, path: &[u8], is_operation: bool) -> Destination {
        match kind {
            HostKind::Api { api_id, endpoint } => Destination::Api {
                api_id: Rc::clone(api_id),
                endpoint: endpoint.clone(),
                path_start: 0,
            },
            HostKind::VpcEndpoint(id) => Destination::VpcEndpoint(id.clone()),
            HostKind::Site(site) => Destination::Site {
                site: site.clone(),
                path_start: 0,
            },
            HostKind::Domain(domain) => Destination::Domain(Arc::clone(domain)),
            HostKind::Distribution(label) => Destination::Distribution {
                label: label.clone(),
                path_start: 0,
            },
            HostKind::ByPath => self.by_path(path, is_operation),
            HostKind::Foreign => Destination::Foreign,
        }
    }

    fn is_listener(&self, address: IpAddr) -> bool {
        self.any_address || self.listener_addresses.contains(&address)
    }

    /// `localhost` and the listeners' addresses: operations always, the rest where path forms are on.
    fn by_path(&self, path: &[u8], is_operation: bool) -> Destination {
        if is_operation {
            return Destination::Site {
                site: Site::CognitoIdp,
                path_start: 0,
            };
        }
        if !self.path_forms {
            return Destination::Nothing;
        }
        if let Some((label, path_start)) = segment_after(path, API_FORM) {
            let (api_id, endpoint) = api_of(label);
            return Destination::Api {
                api_id,
                endpoint,
                path_start,
            };
        }
        if let Some((id, path_start)) = segment_after(path, DISTRIBUTION_FORM) {
            let label = id.to_ascii_lowercase().into();
            return Destination::Distribution { label, path_start };
        }
        if let Some((prefix, path_start)) = segment_after(path, POOL_DOMAIN_FORM) {
            let site = Site::PoolDomain {
                prefix: prefix.into(),
            };
            return Destination::Site { site, path_start };
        }
        let after_pool = path
            .get(1..)
            .and_then(|rest| memchr::memchr(b'/', rest))
            .and_then(|at| path.get(at + 1..));
        if after_pool.is_some_and(|rest| rest.starts_with(WELL_KNOWN)) {
            return Destination::Site {
                site: Site::CognitoIdp,
                path_start: 0,
            };
        }
        Destination::Nothing
    }
}

/// Takes `{api}` or `{api}-{vpce}` apart.
fn api_of(label: &str) -> (Rc<str>, Option<NamedEndpoint>) {
    let named = label.find("-vpce-").and_then(|at| label.split_at_checked(at));
    match named {
        None => (label.into(), None),
        Some((api_id, id)) => {
            let id = id.strip_prefix('-').unwrap_or(id).into();
            (api_id.into(), Some(NamedEndpoint { id, is_alias: true }))
        }
    }
}

/// Returns the id in the first label of an endpoint's own name, `vpce-0123456789abcdef0-u7x2k9qp` or with an availability zone.
fn endpoint_of(label: &str) -> Option<&str> {
    let digits = label.strip_prefix("vpce-")?;
    let length = digits.find('-').unwrap_or(digits.len());
    label.get(.."vpce-".len() + length)
}

/// Returns the single label before one of `suffixes`.
fn label_before<'a>(name: &'a str, suffixes: &[String]) -> Option<&'a str> {
    suffixes
        .iter()
        .find_map(|suffix| name.strip_suffix(suffix.as_str()))
        .filter(|label| !label.is_empty() && !label.contains('.'))
}

/// Returns the path segment that follows `form`, and where it ends.
fn segment_after<'a>(path: &'a [u8], form: &[u8]) -> Option<(&'a str, usize)> {
    let rest = path.strip_prefix(form)?;
    let length = memchr::memchr(b'/', rest).unwrap_or(rest.len());
    let segment = std::str::from_utf8(rest.get(..length)?).ok()?;
    let plain = segment
        .bytes()
        .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    (plain && !segment.is_empty()).then_some((segment, form.len() + length))
}

enum Host<'a> {
    /// Lower case.
    Name(Cow<'a, str>),
    Address(IpAddr),
}

/// Parses `host[:port]`, strictly: letters, digits, hyphens and inner dots, or an address.
fn parse_host(authority: &str) -> Option<Host<'_>> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        if !port.is_empty() {
            check_port(port.strip_prefix(':')?)?;
        }
        return address
            .parse::<Ipv6Addr>()
            .ok()
            .map(|address| Host::Address(address.into()));
    }
    let name = match authority.split_once(':') {
        None => authority,
        Some((name, port)) => {
            check_port(port)?;
            name
        }
    };
    if name.len() > HOST_BYTES_MAX || !name.split('.').all(is_label) {
        return None;
    }
    if let Ok(address) = name.parse::<IpAddr>() {
        return Some(Host::Address(address));
    }
    Some(Host::Name(
        if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(name.to_ascii_lowercase())
        } else {
            Cow::Borrowed(name)
        },
    ))
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

fn check_port(port: &str) -> Option<u16> {
    if port.is_empty() || port.len() > 5 || !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    port.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(path_forms: bool) -> Hosts {
        Hosts::compile(&HostSettings {
            region: "us-east-1".into(),
            domain: "portcullis.localhost".into(),
            path_forms,
            listener_addresses: vec!["127.0.0.1".parse().unwrap()],
            services: vec!["sts", "iam"],
            issuer_host: None,
        })
    }

    fn api(path_start: usize) -> Destination {
        Destination::Api {
            api_id: "abc123".into(),
            endpoint: None,
            path_start,
        }
    }

    fn site(site: Site, path_start: usize) -> Destination {
        Destination::Site { site, path_start }
    }

    fn pool_domain() -> Site {
        Site::PoolDomain {
            prefix: "acme".into(),
        }
    }

    #[test]
    fn hosts_are_told_apart() {
        let cases = [
            ("abc123.execute-api.us-east-1.portcullis.localhost", api(0)),
            ("abc123.execute-api.us-east-1.amazonaws.com:443", api(0)),
            ("ABC123.Execute-API.us-east-1.Portcullis.LOCALHOST:8443", api(0)),
            ("acme.auth.us-east-1.portcullis.localhost", site(pool_domain(), 0)),
            ("acme.auth.us-east-1.amazoncognito.com", site(pool_domain(), 0)),
            (
                "cognito-idp.us-east-1.portcullis.localhost",
                site(Site::CognitoIdp, 0),
            ),
            ("cognito-idp.us-east-1.amazonaws.com", site(Site::CognitoIdp, 0)),
            ("sts.us-east-1.amazonaws.com", site(Site::Service, 0)),
            ("iam.amazonaws.com:443", site(Site::Service, 0)),
            ("localhost:8443", Destination::Nothing),
            ("127.0.0.1:8443", Destination::Nothing),
        ];
        for (authority, expected) in cases {
            assert_eq!(hosts(true).find(authority, b"/", false), expected, "{authority}");
        }
    }

    #[test]
    fn hosts_name_vpc_endpoints() {
        let through = |id: &str| Destination::Api {
            api_id: "abc123".into(),
            endpoint: Some(NamedEndpoint {
                id: id.into(),
                is_alias: true,
            }),
            path_start: 0,
        };
        let own = |id: &str| Destination::VpcEndpoint(id.into());
        for (authority, expected) in [
            (
                "abc123-vpce-0a1b2c3d.execute-api.us-east-1.portcullis.localhost:8443",
                through("vpce-0a1b2c3d"),
            ),
            (
                "ABC123-VPCE-0A1B2C3D.execute-api.us-east-1.amazonaws.com",
                through("vpce-0a1b2c3d"),
            ),
            // The first name that could be an endpoint's is one: an API's id has no hyphen.
            (
                "abc123-vpce-1-vpce-2.execute-api.us-east-1.amazonaws.com",
                through("vpce-1-vpce-2"),
            ),
            (
                "vpce-0a1b2c3d.execute-api.us-east-1.vpce.portcullis.localhost",
                own("vpce-0a1b2c3d"),
            ),
            (
                "vpce-0a1b2c3d-u7x2k9qp-us-east-1a.execute-api.us-east-1.vpce.amazonaws.com",
                own("vpce-0a1b2c3d"),
            ),
            (
                "net-0a1b2c3d.execute-api.us-east-1.vpce.amazonaws.com",
                Destination::Foreign,
            ),
            (
                "x.vpce-0a1b2c3d.execute-api.us-east-1.vpce.amazonaws.com",
                Destination::Foreign,
            ),
        ] {
            assert_eq!(hosts(true).find(authority, b"/", false), expected, "{authority}");
        }
    }

    #[test]
    fn foreign_and_malformed_hosts_are_refused() {
        for authority in [
            "",
            "example.com",
            "portcullis.localhost",
            "abc123.execute-api.eu-west-1.amazonaws.com",
            "a.b.execute-api.us-east-1.amazonaws.com",
            ".execute-api.us-east-1.amazonaws.com",
            "abc123.execute-api.us-east-1.amazonaws.com.evil.example",
            "sts.eu-west-1.amazonaws.com",
            "s3.amazonaws.com",
            "a.abc123.cloudfront.net",
            ".cloudfront.net",
            "cloudfront.net",
            "localhost.",
            "localhost:",
            "localhost:80x",
            "localhost:99999",
            "local host",
            "user@localhost",
            "[::1",
            "[::1]",
            "127.0.0.2",
            "localhost/../",
        ] {
            assert_eq!(
                hosts(true).find(authority, b"/", true),
                Destination::Foreign,
                "{authority}"
            );
        }
    }

    #[test]
    fn path_forms_are_served_where_they_are_on() {
        let cases: [(&[u8], Destination); 6] = [
            (b"/_aws/execute-api/abc123/prod/hello", api(24)),
            (b"/_aws/execute-api/abc123", api(24)),
            (b"/_aws/auth/acme/oauth2/token", site(pool_domain(), 15)),
            (b"/us-east-1_abc/.well-known/jwks.json", site(Site::CognitoIdp, 0)),
            (b"/_aws/execute-api//x", Destination::Nothing),
            (b"/a/b/.well-known/jwks.json", Destination::Nothing),
        ];
        for (path, expected) in cases {
            assert_eq!(hosts(true).find("localhost", path, false), expected);
            assert_eq!(hosts(false).find("localhost", path, false), Destination::Nothing);
        }
    }

    #[test]
    fn unsigned_operations_reach_the_site_on_any_of_our_addresses() {
        for authority in ["localhost:1", "127.0.0.1"] {
            let found = hosts(false).find(authority, b"/", true);
            assert_eq!(found, site(Site::CognitoIdp, 0));
        }
    }

    #[test]
    fn unspecified_listener_address_stands_for_every_address() {
        let hosts = Hosts::compile(&HostSettings {
            region: "us-east-1".into(),
            domain: "portcullis.localhost".into(),
            path_forms: false,
            listener_addresses: vec!["0.0.0.0".parse().unwrap()],
            services: vec!["sts", "iam"],
            issuer_host: None,
        });
        assert!(hosts.is_ours("10.1.2.3:8443"));
        assert!(hosts.is_ours("[::1]:8443"));
        assert!(!hosts.is_ours("example.com"));
    }
}
