//! A distribution made ready to serve. What it could not enforce is a problem here, so that it is never deployed.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use portcullis_egress::Timeouts;
use portcullis_model::{
    Problem, Scope,
    arn::Arn,
    is_token,
    resources::cloudfront::{
        CacheBehavior, CookiePreference, Distribution, DistributionConfig, Origin, OriginProtocolPolicy,
        ViewerProtocolPolicy,
    },
};

use super::{
    freshness::{CONFIGURABLE, Ttls},
    path_pattern::PathPattern,
};
use crate::hosts::{HostKind, Hosts};

/// A distribution, compiled.
pub struct DistributionSnapshot {
    /// As AWS writes it.
    pub(crate) id: Arc<str>,
    /// The ARN of the web ACL that guards it.
    pub(crate) web_acl: Option<Arc<str>>,
    pub(crate) enabled: bool,
    pub(crate) default_root_object: Box<str>,
    /// The default behavior is the last.
    pub(crate) behaviors: Vec<Behavior>,
    /// Status and seconds.
    errors: Vec<(u16, u64)>,
    /// `1.1 {label}.cloudfront.net (CloudFront)`
    pub(crate) via: Bytes,
}

/// A cache behavior.
pub(crate) struct Behavior {
    pattern: Option<PathPattern>,
    pub(crate) origin: Arc<OriginSnapshot>,
    pub(crate) protocol: ViewerProtocolPolicy,
    allowed_methods: Vec<Box<str>>,
    cached_methods: Vec<Box<str>>,
    pub(crate) query: bool,
    pub(crate) cookies: CookiePreference,
    pub(crate) headers: ForwardedHeaders,
    pub(crate) ttls: Ttls,
    /// What the trail says when a request has this behavior.
    pub(crate) reason: Arc<str>,
}

/// Which fields of a viewer are forwarded.
pub(crate) enum ForwardedHeaders {
    /// In lower case, sorted.
    These(Vec<Box<str>>),
    /// Nothing is cached then.
    All,
}

/// An origin.
pub(crate) struct OriginSnapshot {
    pub(crate) id: Box<str>,
    pub(crate) domain: Box<str>,
    pub(crate) path: Box<str>,
    pub(crate) http_port: u16,
    pub(crate) https_port: u16,
    pub(crate) protocol: OriginProtocolPolicy,
    pub(crate) headers: Vec<(Bytes, Bytes)>,
    pub(crate) attempts: u32,
    pub(crate) timeouts: Timeouts,
}

impl DistributionSnapshot {
    /// Compiles `config`; `hosts` tells which origins are APIs of ours.
    pub fn compile(
        scope: &Scope,
        id: &str,
        config: &DistributionConfig,
        hosts: &Hosts,
    ) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems(Vec::new());
        let web_acl = Some(config.web_acl_id.as_str()).filter(|arn| !arn.is_empty());
        if let Some(Err(message)) = web_acl.map(|arn| check_web_acl(arn, scope)) {
            problems.add("WebACLId", message);
        }
        let origins: Vec<Arc<OriginSnapshot>> = config
            .origins
            .iter()
            .enumerate()
            .filter_map(|(index, origin)| {
                let path = format!("Origins/{index}");
                OriginSnapshot::compile(origin, hosts, &path, &mut problems).map(Arc::new)
            })
            .collect();
        let ordered = config
            .cache_behaviors
            .iter()
            .enumerate()
            .map(|(index, behavior)| (format!("CacheBehaviors/{index}"), behavior));
        let behaviors: Vec<Behavior> = ordered
            .chain([("DefaultCacheBehavior".to_owned(), &config.default_cache_behavior)])
            .filter_map(|(path, behavior)| Behavior::compile(behavior, &origins, id, &path, &mut problems))
            .collect();
        for error in &config.custom_error_responses {
            if !CONFIGURABLE.contains(&error.error_code) {
                let message = format!("nothing can be said for `{}`", error.error_code);
                problems.add("CustomErrorResponses", message);
            }
        }
        if !problems.0.is_empty() {
            return Err(problems.0);
        }
        let errors = config.custom_error_responses.iter();
        Ok(Self {
            id: id.into(),
            web_acl: web_acl.map(Into::into),
            enabled: config.enabled,
            default_root_object: config.default_root_object.trim_start_matches('/').into(),
            behaviors,
            errors: errors
                .map(|error| (error.error_code, error.error_caching_min_ttl))
                .collect(),
            via: format!("1.1 {} (CloudFront)", Distribution::domain_name(id)).into(),
        })
    }

    /// Returns the first behavior that `path`, comparable, fits.
    pub(crate) fn behavior(&self, path: &[u8]) -> Option<&Behavior> {
        let fits = |behavior: &&Behavior| match &behavior.pattern {
            Some(pattern) => pattern.matches(path),
            None => true,
        };
        self.behaviors.iter().find(fits)
    }

    /// Returns how many seconds an error with `status` is kept at least, where the distribution says so.
    pub(crate) fn error_seconds(&self, status: u16) -> Option<u64> {
        let own = self.errors.iter().find(|(code, _)| *code == status);
        own.map(|(_, seconds)| *seconds)
    }
}

/// A web ACL of the same account, made for distributions; AWS WAF Classic's are ids, which nobody makes here.
fn check_web_acl(text: &str, scope: &Scope) -> Result<(), String> {
    let arn: Arn = text
        .parse()
        .map_err(|_| format!("`{text}` is not the ARN of a web ACL of WAFv2"))?;
    let is_ours = arn.service == "wafv2" && arn.account == scope.account.as_str();
    if is_ours && arn.resource.starts_with("global/webacl/") {
        return Ok(());
    }
    Err(format!(
        "`{text}` is not a web ACL of this account with the scope `CLOUDFRONT`"
    ))
}

struct Problems(Vec<Problem>);

impl Problems {
    fn add(&mut self, path: impl Into<String>, message: impl Into<String>) {
        self.0.push(Problem::error(None, path, message));
    }
}

impl Behavior {
    fn compile(
        behavior: &CacheBehavior,
        origins: &[Arc<OriginSnapshot>],
        id: &str,
        path: &str,
        problems: &mut Problems,
    ) -> Option<Self> {
        let before = problems.0.len();
        let pattern = match behavior.path_pattern.as_deref().map(PathPattern::parse) {
            None => None,
            Some(Ok(pattern)) => Some(pattern),
            Some(Err(message)) => {
                problems.add(format!("{path}/PathPattern"), message);
                None
            }
        };
        let origin = origins
            .iter()
            .find(|origin| *origin.id == *behavior.target_origin_id);
        if origin.is_none() {
            let message = format!(
                "there is no origin `{}` that can be served",
                behavior.target_origin_id
            );
            problems.add(format!("{path}/TargetOriginId"), message);
        }
        check_methods(behavior, path, problems);
        let headers = forwarded_headers(behavior, path, problems);
        if !(behavior.min_ttl <= behavior.default_ttl && behavior.default_ttl <= behavior.max_ttl) {
            problems.add(
                format!("{path}/MinTTL"),
                "the minimum TTL must not exceed the default, nor the default the maximum",
            );
        }
        if problems.0.len() > before {
            return None;
        }
        let name = behavior.path_pattern.as_deref().unwrap_or("*");
        let boxed = |methods: &[String]| methods.iter().map(|method| method.as_str().into()).collect();
        Some(Self {
            pattern,
            origin: Arc::clone(origin?),
            protocol: behavior.viewer_protocol_policy,
            allowed_methods: boxed(&behavior.allowed_methods),
            cached_methods: boxed(&behavior.cached_methods),
            query: behavior.forwarded_values.query_string,
            cookies: behavior.forwarded_values.cookies.clone(),
            headers,
            ttls: Ttls {
                min: behavior.min_ttl,
                default: behavior.default_ttl,
                max: behavior.max_ttl,
            },
            reason: format!("behavior `{name}` of distribution `{id}`").into(),
        })
    }

    pub(crate) fn allows(&self, method: &[u8]) -> bool {
        self.allowed_methods
            .iter()
            .any(|known| known.as_bytes() == method)
    }

    /// Tells whether answers to `method` may be kept.
    pub(crate) fn caches(&self, method: &[u8]) -> bool {
        matches!(self.headers, ForwardedHeaders::These(_))
            && self.cached_methods.iter().any(|known| known.as_bytes() == method)
    }
}

/// The sets that AWS has: what is read, the same with `OPTIONS`, and all.
fn check_methods(behavior: &CacheBehavior, path: &str, problems: &mut Problems) {
    const ALL: [&str; 7] = ["GET", "HEAD", "OPTIONS", "PUT", "POST", "PATCH", "DELETE"];
    let is = |methods: &[String], wanted: &[&str]| {
        methods.len() == wanted.len() && wanted.iter().all(|one| methods.iter().any(|known| known == one))
    };
    let read = ["GET", "HEAD"];
    let asked = ["GET", "HEAD", "OPTIONS"];
    let allowed = &behavior.allowed_methods;
    if !(is(allowed, &read) || is(allowed, &asked) || is(allowed, &ALL)) {
        let message = "must be `GET, HEAD`, `GET, HEAD, OPTIONS`, or all seven methods";
        problems.add(format!("{path}/AllowedMethods"), message);
    }
    let cached = &behavior.cached_methods;
    let is_sound = is(cached, &read) || (is(cached, &asked) && allowed.len() >= asked.len());
    if !is_sound {
        let message = "must be `GET, HEAD`, or `GET, HEAD, OPTIONS` where `OPTIONS` is allowed";
        problems.add(format!("{path}/CachedMethods"), message);
    }
}

fn forwarded_headers(behavior: &CacheBehavior, path: &str, problems: &mut Problems) -> ForwardedHeaders {
    let names = &behavior.forwarded_values.headers;
    if names.iter().any(|name| name == "*") {
        return ForwardedHeaders::All;
    }
    let place = format!("{path}/ForwardedValues/Headers");
    let mut lower: Vec<Box<str>> = Vec::new();
    for name in names {
        let name = name.to_ascii_lowercase();
        if name == "host" {
            problems.add(
                &place,
                "`Host` is never taken from a viewer: an origin is called by its own name",
            );
        } else if !is_header(&name)
            || super::forwarding::is_never_forwarded(name.as_bytes())
            || name == "cookie"
        {
            problems.add(&place, format!("`{name}` cannot be forwarded"));
        }
        lower.push(name.into());
    }
    lower.sort();
    lower.dedup();
    ForwardedHeaders::These(lower)
}

impl OriginSnapshot {
    fn compile(origin: &Origin, hosts: &Hosts, path: &str, problems: &mut Problems) -> Option<Self> {
        let before = problems.0.len();
        let custom = &origin.custom_origin;
        match hosts.classify(&origin.domain_name) {
            HostKind::Api { .. } | HostKind::Domain(_)
                if custom.protocol_policy == OriginProtocolPolicy::HttpOnly =>
            {
                problems.add(
                    format!("{path}/CustomOriginConfig/OriginProtocolPolicy"),
                    "an API is reached over https alone",
                )
            }
            HostKind::Api { .. } | HostKind::Domain(_) | HostKind::ByPath => {}
            HostKind::Foreign if is_host(&origin.domain_name) => {}
            HostKind::Foreign => problems.add(
                format!("{path}/DomainName"),
                format!("`{}` is no host name", origin.domain_name),
            ),
            HostKind::Site(_) | HostKind::Distribution(_) | HostKind::VpcEndpoint(_) => problems.add(
                format!("{path}/DomainName"),
                format!("`{}` is a host of ours that is no public API", origin.domain_name),
            ),
        }
        if !origin.origin_path.is_empty() && !is_origin_path(&origin.origin_path) {
            problems.add(
                format!("{path}/OriginPath"),
                "must begin with `/`, not end with one, and be a plain path",
            );
        }
        for port in [custom.http_port, custom.https_port] {
            if !matches!(port, 80 | 443 | 1024..) {
                problems.add(
                    format!("{path}/CustomOriginConfig"),
                    format!("port `{port}` is not 80, 443, or from 1024 on"),
                );
            }
        }
        for header in &origin.custom_headers {
            if let Err(message) = check_custom_header(&header.name, &header.value) {
                problems.add(format!("{path}/CustomHeaders"), message);
            }
        }
        if problems.0.len() > before {
            return None;
        }
        let connect = Duration::from_secs(origin.connection_timeout.into());
        let read = Duration::from_secs(custom.read_timeout.into());
        Some(Self {
            id: origin.id.as_str().into(),
            domain: origin.domain_name.to_ascii_lowercase().into(),
            path: origin.origin_path.as_str().into(),
            http_port: custom.http_port,
            https_port: custom.https_port,
            protocol: custom.protocol_policy,
            headers: origin
                .custom_headers
                .iter()
                .map(|header| (header.name.clone().into(), header.value.clone().into()))
                .collect(),
            attempts: origin.connection_attempts,
            timeouts: Timeouts {
                connect,
                answer: connect.saturating_add(read),
                total: None,
                idle: read,
            },
        })
    }
}

fn is_host(name: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    name.len() <= 253 && name.split('.').all(label)
}

fn is_origin_path(path: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_graphic() && !b"?#\\\"<>".contains(&byte);
    path.starts_with('/')
        && !path.ends_with('/')
        && path.len() <= 255
        && path.bytes().all(plain)
        && !super::path_pattern::has_dot_segments(path.as_bytes())
}

/// AWS's list of fields that cannot be custom headers, and the ones that are ours to write.
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/add-origin-custom-headers.html>
fn check_custom_header(name: &str, value: &str) -> Result<(), String> {
    const DENIED: [&str; 22] = [
        "cache-control",
        "connection",
        "content-length",
        "cookie",
        "host",
        "if-match",
        "if-modified-since",
        "if-none-match",
        "if-range",
        "if-unmodified-since",
        "max-forwards",
        "pragma",
        "proxy-authenticate",
        "proxy-authorization",
        "proxy-connection",
        "range",
        "request-range",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "via",
    ];
    /// Characters of a value, as AWS's quota.
    const VALUE_CHARACTERS_MAX: usize = 1_783;
    let lower = name.to_ascii_lowercase();
    let is_denied = DENIED.contains(&lower.as_str())
        || [
            "x-amz-",
            "x-edge-",
            "x-real-ip",
            "x-forwarded-",
            "forwarded",
            "expect",
            "keep-alive",
        ]
        .iter()
        .any(|start| lower.starts_with(start));
    if !is_header(name) || is_denied {
        return Err(format!("`{name}` cannot be a custom header"));
    }
    let is_value = |byte: u8| byte == b'\t' || (byte >= b' ' && byte != 0x7f);
    if value.len() > VALUE_CHARACTERS_MAX || value.trim() != value || !value.bytes().all(is_value) {
        return Err(format!(
            "the value of `{name}` is no field value of at most {VALUE_CHARACTERS_MAX} characters"
        ));
    }
    Ok(())
}

/// Characters of a header's name, as AWS.
const HEADER_NAME_CHARACTERS_MAX: usize = 256;

fn is_header(name: &str) -> bool {
    name.len() <= HEADER_NAME_CHARACTERS_MAX && is_token(name)
}
