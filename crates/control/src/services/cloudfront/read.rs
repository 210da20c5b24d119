//! Reads a `DistributionConfig`, as CloudFront's own XML and as CloudFormation's properties, whose names differ in places.
//!
//! <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_DistributionConfig.html>

use portcullis_model::resources::cloudfront::{
    CacheBehavior, CookiePreference, CustomErrorResponse, CustomHeader, CustomOrigin, DistributionConfig,
    ForwardedValues, Origin, OriginProtocolPolicy, ViewerProtocolPolicy,
};
use serde_json::Value;

use super::{errors::invalid, tree::Tree};
use crate::operation::AwsError;

/// Reads a configuration.
pub fn config(value: &Value) -> Result<DistributionConfig, AwsError> {
    let tree = Tree::of(value, "")?;
    tree.only(
        &[
            "CallerReference",
            "Comment",
            "Enabled",
            "DefaultRootObject",
            "Origins",
            "DefaultCacheBehavior",
            "CacheBehaviors",
            "CustomErrorResponses",
            "PriceClass",
            "HttpVersion",
            "IsIPV6Enabled",
            "IPV6Enabled",
            "WebACLId",
            "ViewerCertificate",
        ],
        &[
            (
                "Aliases",
                "alternate domain names of distributions are not there yet",
            ),
            ("OriginGroups", "there is no failover between origins yet"),
            (
                "Logging",
                "access logs of distributions are not written; every request has a trail",
            ),
            ("Restrictions", "where a viewer is, is not known here"),
        ],
    )?;
    check_certificate(&tree)?;
    let default = tree
        .structure("DefaultCacheBehavior")?
        .ok_or_else(|| invalid("`DefaultCacheBehavior` is required"))?;
    let origins = tree.structures("Origins")?;
    if origins.is_empty() {
        return Err(invalid("`Origins` must have at least one item"));
    }
    let enabled = tree
        .boolean("Enabled")?
        .ok_or_else(|| invalid("`Enabled` is required"))?;
    let ipv6 = tree.boolean("IsIPV6Enabled")?;
    Ok(DistributionConfig {
        caller_reference: tree.text("CallerReference")?.unwrap_or_default(),
        comment: tree.text("Comment")?.unwrap_or_default(),
        enabled,
        default_root_object: tree.text("DefaultRootObject")?.unwrap_or_default(),
        origins: origins.iter().map(origin).collect::<Result<_, _>>()?,
        default_cache_behavior: behavior(&default, false)?,
        cache_behaviors: tree
            .structures("CacheBehaviors")?
            .iter()
            .map(|one| behavior(one, true))
            .collect::<Result<_, _>>()?,
        custom_error_responses: tree
            .structures("CustomErrorResponses")?
            .iter()
            .map(error_response)
            .collect::<Result<_, _>>()?,
        price_class: kept(&tree, "PriceClass", "PriceClass_All")?,
        http_version: kept(&tree, "HttpVersion", "http2")?,
        is_ipv6_enabled: ipv6.or(tree.boolean("IPV6Enabled")?).unwrap_or(false),
        web_acl_id: tree.text("WebACLId")?.unwrap_or_default(),
    })
}

fn kept(tree: &Tree<'_>, name: &str, otherwise: &str) -> Result<String, AwsError> {
    let text = tree.text(name)?.filter(|text| !text.is_empty());
    Ok(text.unwrap_or_else(|| otherwise.to_owned()))
}

/// The certificate for `*.cloudfront.net` is what there is.
fn check_certificate(tree: &Tree<'_>) -> Result<(), AwsError> {
    let Some(certificate) = tree.structure("ViewerCertificate")? else {
        return Ok(());
    };
    certificate.only(
        &[
            "CloudFrontDefaultCertificate",
            "MinimumProtocolVersion",
            "SSLSupportMethod",
            "CertificateSource",
            "ACMCertificateArn",
            "AcmCertificateArn",
            "IAMCertificateId",
            "IamCertificateId",
        ],
        &[],
    )?;
    // What is written back; TLS 1.2 is spoken at least, whatever it says.
    for (name, known) in [
        ("MinimumProtocolVersion", "TLSv1"),
        ("SSLSupportMethod", "vip"),
        ("CertificateSource", "cloudfront"),
    ] {
        if certificate
            .text(name)?
            .is_some_and(|text| !text.is_empty() && text != known)
        {
            return Err(invalid(format!(
                "`{}`: only `{known}` is supported: a distribution has the certificate of its own host",
                certificate.place(name)
            )));
        }
    }
    let own = [
        "ACMCertificateArn",
        "AcmCertificateArn",
        "IAMCertificateId",
        "IamCertificateId",
    ];
    for name in own {
        if certificate.text(name)?.is_some_and(|text| !text.is_empty()) {
            return Err(invalid(format!(
                "`{}` is not supported: a distribution has the certificate of its own host",
                certificate.place(name)
            )));
        }
    }
    Ok(())
}

fn origin(tree: &Tree<'_>) -> Result<Origin, AwsError> {
    tree.only(
        &[
            "Id",
            "DomainName",
            "OriginPath",
            "CustomHeaders",
            "OriginCustomHeaders",
            "CustomOriginConfig",
            "ConnectionAttempts",
            "ConnectionTimeout",
        ],
        &[
            (
                "S3OriginConfig",
                "buckets are no origins here: name an API or a server with `CustomOriginConfig`",
            ),
            ("OriginShield", "there is one cache, not two"),
            (
                "OriginAccessControlId",
                "requests to origins are not signed yet: guard the origin with a custom header",
            ),
            ("VpcOriginConfig", "there are no VPCs here"),
            (
                "ResponseCompletionTimeout",
                "the read timeout is what is enforced",
            ),
        ],
    )?;
    let custom = tree
        .structure("CustomOriginConfig")?
        .ok_or_else(|| invalid(format!("`{}` is required", tree.place("CustomOriginConfig"))))?;
    let headers_name = spelling(tree, "CustomHeaders", "OriginCustomHeaders")?;
    let header = |one: &Tree<'_>| {
        one.only(&["HeaderName", "HeaderValue"], &[])?;
        Ok(CustomHeader {
            name: one.required("HeaderName")?,
            value: one.text("HeaderValue")?.unwrap_or_default(),
        })
    };
    Ok(Origin {
        id: tree.required("Id")?,
        domain_name: tree.required("DomainName")?,
        origin_path: tree.text("OriginPath")?.unwrap_or_default(),
        custom_headers: tree
            .structures(headers_name)?
            .iter()
            .map(header)
            .collect::<Result<_, AwsError>>()?,
        connection_attempts: small(tree.number("ConnectionAttempts", 3, 1, 3)?),
        connection_timeout: small(tree.number("ConnectionTimeout", 10, 1, 10)?),
        custom_origin: custom_origin(&custom)?,
    })
}

fn custom_origin(tree: &Tree<'_>) -> Result<CustomOrigin, AwsError> {
    tree.only(
        &[
            "HTTPPort",
            "HTTPSPort",
            "OriginProtocolPolicy",
            "OriginSslProtocols",
            "OriginSSLProtocols",
            "OriginReadTimeout",
            "OriginKeepaliveTimeout",
        ],
        &[],
    )?;
    let port = |name, otherwise| {
        let number = tree.number(name, otherwise, 1, 65_535)?;
        u16::try_from(number).map_err(|_| invalid("a port fits 16 bits"))
    };
    let protocols_name = spelling(tree, "OriginSslProtocols", "OriginSSLProtocols")?;
    let ssl_protocols = tree.texts(protocols_name)?;
    if !ssl_protocols.is_empty() && !ssl_protocols.iter().any(|protocol| protocol == "TLSv1.2") {
        return Err(invalid(format!(
            "`{}` must hold `TLSv1.2`: nothing older is spoken",
            tree.place(protocols_name)
        )));
    }
    Ok(CustomOrigin {
        http_port: port("HTTPPort", 80)?,
        https_port: port("HTTPSPort", 443)?,
        protocol_policy: match tree.required("OriginProtocolPolicy")?.as_str() {
            "http-only" => OriginProtocolPolicy::HttpOnly,
            "https-only" => OriginProtocolPolicy::HttpsOnly,
            "match-viewer" => OriginProtocolPolicy::MatchViewer,
            _ => {
                return Err(invalid(format!(
                    "`{}` must be `http-only`, `https-only` or `match-viewer`",
                    tree.place("OriginProtocolPolicy")
                )));
            }
        },
        ssl_protocols: if ssl_protocols.is_empty() {
            vec!["TLSv1.2".to_owned()]
        } else {
            ssl_protocols
        },
        read_timeout: small(tree.number("OriginReadTimeout", 30, 1, 180)?),
        keepalive_timeout: small(tree.number("OriginKeepaliveTimeout", 5, 1, 180)?),
    })
}

/// Returns which of the two names of a list is used: the API's own, or the one of templates.
fn spelling<'n>(tree: &Tree<'_>, of_api: &'n str, of_templates: &'n str) -> Result<&'n str, AwsError> {
    let is_there = |name| Ok::<_, AwsError>(!tree.items(name)?.is_empty());
    match (is_there(of_api)?, is_there(of_templates)?) {
        (true, true) => Err(invalid(format!(
            "`{}` and `{}` are two names of one list: give one",
            tree.place(of_api),
            tree.place(of_templates)
        ))),
        (true, false) => Ok(of_api),
        (false, _) => Ok(of_templates),
    }
}

fn small(number: u64) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

/// What behaviors may not ask for, and why.
const REFUSED_OF_BEHAVIORS: &[(&str, &str)] = &[
    (
        "CachePolicyId",
        "cache policies are not there yet: use `ForwardedValues`",
    ),
    (
        "OriginRequestPolicyId",
        "origin request policies are not there yet: use `ForwardedValues`",
    ),
    (
        "ResponseHeadersPolicyId",
        "response headers policies are not there yet",
    ),
    (
        "TrustedSigners",
        "signed URLs are not there yet, and without them everybody would be let in",
    ),
    (
        "TrustedKeyGroups",
        "signed URLs are not there yet, and without them everybody would be let in",
    ),
    (
        "LambdaFunctionAssociations",
        "functions of distributions are not there yet",
    ),
    (
        "FunctionAssociations",
        "functions of distributions are not there yet",
    ),
    ("FieldLevelEncryptionId", "fields are not encrypted here"),
    ("SmoothStreaming", "there is no Smooth Streaming here"),
    (
        "RealtimeLogConfigArn",
        "there are no real-time logs; every request has a trail",
    ),
];

fn behavior(tree: &Tree<'_>, has_pattern: bool) -> Result<CacheBehavior, AwsError> {
    tree.only(
        &[
            if has_pattern {
                "PathPattern"
            } else {
                "TargetOriginId"
            },
            "TargetOriginId",
            "ViewerProtocolPolicy",
            "AllowedMethods",
            "CachedMethods",
            "ForwardedValues",
            "MinTTL",
            "DefaultTTL",
            "MaxTTL",
            "Compress",
        ],
        REFUSED_OF_BEHAVIORS,
    )?;
    let forwarded = tree
        .structure("ForwardedValues")?
        .ok_or_else(|| invalid(format!("`{}` is required", tree.place("ForwardedValues"))))?;
    let (allowed_methods, cached_methods) = methods(tree)?;
    let min_ttl = tree.number("MinTTL", 0, 0, TTL_MAX)?;
    let (default_ttl, max_ttl) = (
        tree.number_if_any("DefaultTTL", 0, TTL_MAX)?,
        tree.number_if_any("MaxTTL", 0, TTL_MAX)?,
    );
    // What is not said yields to what is.
    let default = default_ttl.unwrap_or_else(|| DEFAULT_TTL.min(max_ttl.unwrap_or(u64::MAX)).max(min_ttl));
    Ok(CacheBehavior {
        path_pattern: if has_pattern {
            Some(tree.required("PathPattern")?)
        } else {
            None
        },
        target_origin_id: tree.required("TargetOriginId")?,
        viewer_protocol_policy: viewer_protocol_policy(tree)?,
        allowed_methods,
        cached_methods,
        forwarded_values: forwarded_values(&forwarded)?,
        min_ttl,
        default_ttl: default,
        max_ttl: max_ttl.unwrap_or_else(|| MAX_TTL.max(default)),
        compress: tree.boolean("Compress")?.unwrap_or(false),
    })
}

fn viewer_protocol_policy(tree: &Tree<'_>) -> Result<ViewerProtocolPolicy, AwsError> {
    match tree.required("ViewerProtocolPolicy")?.as_str() {
        "allow-all" => Ok(ViewerProtocolPolicy::AllowAll),
        "https-only" => Ok(ViewerProtocolPolicy::HttpsOnly),
        "redirect-to-https" => Ok(ViewerProtocolPolicy::RedirectToHttps),
        _ => Err(invalid(format!(
            "`{}` must be `allow-all`, `https-only` or `redirect-to-https`",
            tree.place("ViewerProtocolPolicy")
        ))),
    }
}

/// AWS's defaults, in seconds.
const DEFAULT_TTL: u64 = 86_400;
const MAX_TTL: u64 = 31_536_000;
/// A century, in seconds.
const TTL_MAX: u64 = 3_153_600_000;

/// The methods that are allowed and those whose answers are cached: inside the former in XML, beside them in templates.
fn methods(tree: &Tree<'_>) -> Result<(Vec<String>, Vec<String>), AwsError> {
    let read = || vec!["GET".to_owned(), "HEAD".to_owned()];
    let or_read = |methods: Vec<String>| if methods.is_empty() { read() } else { methods };
    let allowed = tree.texts("AllowedMethods")?;
    // A plain list has nothing inside.
    let inside = match tree.structure("AllowedMethods") {
        Ok(Some(counted)) => counted.texts("CachedMethods")?,
        _ => Vec::new(),
    };
    let cached = if inside.is_empty() {
        tree.texts("CachedMethods")?
    } else {
        inside
    };
    Ok((or_read(allowed), or_read(cached)))
}

fn forwarded_values(tree: &Tree<'_>) -> Result<ForwardedValues, AwsError> {
    tree.only(
        &["QueryString", "Cookies", "Headers"],
        &[(
            "QueryStringCacheKeys",
            "parameters would be forwarded that are not part of the cache's key, and one viewer could change the \
             answers of others",
        )],
    )?;
    let cookies = match tree.structure("Cookies")? {
        None => CookiePreference::None,
        Some(cookies) => {
            cookies.only(&["Forward", "WhitelistedNames"], &[])?;
            match cookies.required("Forward")?.as_str() {
                "none" => CookiePreference::None,
                "all" => CookiePreference::All,
                "whitelist" => CookiePreference::Whitelist(cookies.texts("WhitelistedNames")?),
                _ => {
                    return Err(invalid(format!(
                        "`{}` must be `none`, `all` or `whitelist`",
                        cookies.place("Forward")
                    )));
                }
            }
        }
    };
    Ok(ForwardedValues {
        query_string: tree
            .boolean("QueryString")?
            .ok_or_else(|| invalid(format!("`{}` is required", tree.place("QueryString"))))?,
        cookies,
        headers: tree.texts("Headers")?,
    })
}

fn error_response(tree: &Tree<'_>) -> Result<CustomErrorResponse, AwsError> {
    const PAGES: &str = "error pages of one's own are not there yet; how long an error is kept is";
    tree.only(
        &["ErrorCode", "ErrorCachingMinTTL"],
        &[("ResponsePagePath", PAGES), ("ResponseCode", PAGES)],
    )?;
    let code = tree
        .number_if_any("ErrorCode", 400, 599)?
        .ok_or_else(|| invalid(format!("`{}` is required", tree.place("ErrorCode"))))?;
    Ok(CustomErrorResponse {
        error_code: u16::try_from(code).unwrap_or(0),
        error_caching_min_ttl: tree.number("ErrorCachingMinTTL", 10, 0, TTL_MAX)?,
    })
}
