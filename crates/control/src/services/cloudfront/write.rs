//! Writes distributions and invalidations as CloudFront's XML does: every list with its `Quantity`, and what is not
//! supported in the form in which it means nothing, so that a client may send the whole back.

use portcullis_model::resources::cloudfront::{
    CacheBehavior, CookiePreference, Distribution, DistributionConfig, Invalidation, Origin,
    OriginProtocolPolicy, ViewerProtocolPolicy,
};
use serde_json::{Map, Value, json};

use super::records::Found;

/// Returns a `Distribution`.
pub(super) fn distribution(account: &str, found: &Found) -> Value {
    let mut members = facts(account, &found.distribution);
    members.insert("InProgressInvalidationBatches".into(), 0.into());
    members.insert("DistributionConfig".into(), config(&found.config));
    members.into()
}

/// Returns a `DistributionSummary`.
pub(super) fn summary(account: &str, found: &Found) -> Value {
    let mut members = facts(account, &found.distribution);
    if let Value::Object(config) = config(&found.config) {
        let left_out = ["CallerReference", "DefaultRootObject", "Logging"];
        members.extend(
            config
                .into_iter()
                .filter(|(name, _)| !left_out.contains(&name.as_str())),
        );
    }
    members.into()
}

fn facts(account: &str, distribution: &Distribution) -> Map<String, Value> {
    let id = &distribution.id;
    let none = json!({"Enabled": false, "Quantity": 0});
    let facts = json!({
        "Id": id,
        "ARN": Distribution::arn(account, id),
        "Status": "Deployed",
        "LastModifiedTime": distribution.last_modified.iso8601(),
        "DomainName": Distribution::domain_name(id),
        "ActiveTrustedSigners": none,
        "ActiveTrustedKeyGroups": none,
    });
    match facts {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// Returns a `DistributionConfig`.
pub(super) fn config(config: &DistributionConfig) -> Value {
    let errors = config.custom_error_responses.iter().map(|error| {
        json!({
            "ErrorCode": error.error_code,
            "ErrorCachingMinTTL": error.error_caching_min_ttl,
            "ResponsePagePath": "",
            "ResponseCode": "",
        })
    });
    json!({
        "CallerReference": config.caller_reference,
        "Aliases": none(),
        "DefaultRootObject": config.default_root_object,
        "Origins": list("Origin", config.origins.iter().map(origin)),
        "OriginGroups": none(),
        "DefaultCacheBehavior": behavior(&config.default_cache_behavior),
        "CacheBehaviors": list("CacheBehavior", config.cache_behaviors.iter().map(behavior)),
        "CustomErrorResponses": list("CustomErrorResponse", errors),
        "Comment": config.comment,
        "Logging": {"Enabled": false, "IncludeCookies": false, "Bucket": "", "Prefix": ""},
        "PriceClass": config.price_class,
        "Enabled": config.enabled,
        "ViewerCertificate": {
            "CloudFrontDefaultCertificate": true,
            "SSLSupportMethod": "vip",
            "MinimumProtocolVersion": "TLSv1",
            "CertificateSource": "cloudfront",
        },
        "Restrictions": {"GeoRestriction": {"RestrictionType": "none", "Quantity": 0}},
        "WebACLId": config.web_acl_id,
        "HttpVersion": config.http_version,
        "IsIPV6Enabled": config.is_ipv6_enabled,
        "ContinuousDeploymentPolicyId": "",
        "Staging": false,
    })
}

fn origin(origin: &Origin) -> Value {
    let custom = &origin.custom_origin;
    let headers = origin
        .custom_headers
        .iter()
        .map(|header| json!({"HeaderName": header.name, "HeaderValue": header.value}));
    json!({
        "Id": origin.id,
        "DomainName": origin.domain_name,
        "OriginPath": origin.origin_path,
        "CustomHeaders": list("OriginCustomHeader", headers),
        "CustomOriginConfig": {
            "HTTPPort": custom.http_port,
            "HTTPSPort": custom.https_port,
            "OriginProtocolPolicy": match custom.protocol_policy {
                OriginProtocolPolicy::HttpOnly => "http-only",
                OriginProtocolPolicy::HttpsOnly => "https-only",
                OriginProtocolPolicy::MatchViewer => "match-viewer",
            },
            "OriginSslProtocols": list("SslProtocol", custom.ssl_protocols.iter().map(String::as_str).map(text)),
            "OriginReadTimeout": custom.read_timeout,
            "OriginKeepaliveTimeout": custom.keepalive_timeout,
        },
        "ConnectionAttempts": origin.connection_attempts,
        "ConnectionTimeout": origin.connection_timeout,
        "OriginShield": {"Enabled": false},
        "OriginAccessControlId": "",
    })
}

fn behavior(behavior: &CacheBehavior) -> Value {
    let mut allowed = list(
        "Method",
        behavior.allowed_methods.iter().map(String::as_str).map(text),
    );
    if let Some(members) = allowed.as_object_mut() {
        let cached = list(
            "Method",
            behavior.cached_methods.iter().map(String::as_str).map(text),
        );
        members.insert("CachedMethods".into(), cached);
    }
    let forwarded = &behavior.forwarded_values;
    let cookies = match &forwarded.cookies {
        CookiePreference::None => json!({"Forward": "none"}),
        CookiePreference::All => json!({"Forward": "all"}),
        CookiePreference::Whitelist(names) => {
            json!({"Forward": "whitelist", "WhitelistedNames": list("Name", names.iter().map(String::as_str).map(text))})
        }
    };
    json!({
        "PathPattern": behavior.path_pattern,
        "TargetOriginId": behavior.target_origin_id,
        "TrustedSigners": {"Enabled": false, "Quantity": 0},
        "TrustedKeyGroups": {"Enabled": false, "Quantity": 0},
        "ViewerProtocolPolicy": match behavior.viewer_protocol_policy {
            ViewerProtocolPolicy::AllowAll => "allow-all",
            ViewerProtocolPolicy::HttpsOnly => "https-only",
            ViewerProtocolPolicy::RedirectToHttps => "redirect-to-https",
        },
        "AllowedMethods": allowed,
        "SmoothStreaming": false,
        "Compress": behavior.compress,
        "LambdaFunctionAssociations": none(),
        "FunctionAssociations": none(),
        "FieldLevelEncryptionId": "",
        "ForwardedValues": {
            "QueryString": forwarded.query_string,
            "Cookies": cookies,
            "Headers": list("Name", forwarded.headers.iter().map(String::as_str).map(text)),
            "QueryStringCacheKeys": none(),
        },
        "MinTTL": behavior.min_ttl,
        "DefaultTTL": behavior.default_ttl,
        "MaxTTL": behavior.max_ttl,
    })
}

/// Returns an `Invalidation`.
pub(super) fn invalidation(invalidation: &Invalidation) -> Value {
    json!({
        "Id": invalidation.id,
        "Status": "Completed",
        "CreateTime": invalidation.create_time.iso8601(),
        "InvalidationBatch": {
            "Paths": list("Path", invalidation.paths.iter().map(String::as_str).map(text)),
            "CallerReference": invalidation.caller_reference,
        },
    })
}

/// Returns `{"Quantity", "Items": {"{name}": […]}}`.
pub(super) fn list(name: &str, items: impl Iterator<Item = Value>) -> Value {
    let items: Vec<Value> = items.collect();
    if items.is_empty() {
        return none();
    }
    json!({"Quantity": items.len(), "Items": {name: items}})
}

fn none() -> Value {
    json!({"Quantity": 0})
}

fn text(text: &str) -> Value {
    Value::from(text)
}
