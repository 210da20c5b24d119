//! Configurations there and back, and what is refused by name.

use serde_json::{Value, json};

use super::{read, write};
use crate::protocol::rest_xml;

fn small() -> Value {
    json!({
        "CallerReference": "r",
        "Comment": "",
        "Enabled": "true",
        "Origins": {"Quantity": "1", "Items": {"Origin": {
            "Id": "api",
            "DomainName": "a.execute-api.us-east-1.amazonaws.com",
            "OriginPath": "/Dev",
            "CustomHeaders": {"Quantity": "1", "Items": {"OriginCustomHeader": {
                "HeaderName": "X-Origin-Verify", "HeaderValue": "secret",
            }}},
            "CustomOriginConfig": {"HTTPPort": "80", "HTTPSPort": "443", "OriginProtocolPolicy": "https-only"},
        }}},
        "DefaultCacheBehavior": {
            "TargetOriginId": "api",
            "ViewerProtocolPolicy": "redirect-to-https",
            "ForwardedValues": {
                "QueryString": "true",
                "Cookies": {"Forward": "whitelist", "WhitelistedNames": {"Quantity": "1", "Items": {"Name": "a*"}}},
                "Headers": {"Quantity": "2", "Items": {"Name": ["Authorization", "X-A"]}},
            },
            "MinTTL": "0",
        },
    })
}

fn changed(pointer: &str, name: &str, value: Value) -> Value {
    let mut config = small();
    let place = config.pointer_mut(pointer).unwrap();
    place.as_object_mut().unwrap().insert(name.to_owned(), value);
    config
}

#[test]
fn what_is_answered_can_be_sent_back() {
    let config = read::config(&small()).unwrap();
    let behavior = &config.default_cache_behavior;
    assert_eq!(
        (behavior.min_ttl, behavior.default_ttl, behavior.max_ttl),
        (0, 86_400, 31_536_000)
    );
    assert_eq!(behavior.allowed_methods, ["GET", "HEAD"]);
    assert_eq!(behavior.forwarded_values.headers, ["Authorization", "X-A"]);
    let answer = rest_xml::serialise(
        "urn:x",
        200,
        &json!({"DistributionConfig": write::config(&config)}),
    );
    let (name, value) = crate::protocol::read_xml(&answer.body).unwrap();
    assert_eq!(name, "DistributionConfig");
    assert_eq!(read::config(&value).unwrap(), config);
}

#[test]
fn what_is_not_acted_on_is_refused_by_its_place() {
    for (pointer, name, value, told) in [
        (
            "",
            "Aliases",
            json!({"Quantity": "1", "Items": {"CNAME": "a.example"}}),
            "`Aliases`",
        ),
        ("", "Whatever", json!("1"), "`Whatever`"),
        (
            "/Origins/Items/Origin",
            "OriginCustomHeaders",
            json!({"Quantity": "1", "Items": {"OriginCustomHeader": {"HeaderName": "X-B", "HeaderValue": "b"}}}),
            "two names of one list",
        ),
        (
            "",
            "Logging",
            json!({"Enabled": "true", "Bucket": "b"}),
            "`Logging`",
        ),
        (
            "/DefaultCacheBehavior",
            "TrustedKeyGroups",
            json!({"Enabled": "true", "Quantity": "0"}),
            "everybody would be let in",
        ),
        (
            "/DefaultCacheBehavior",
            "CachePolicyId",
            json!("x"),
            "use `ForwardedValues`",
        ),
        (
            "/DefaultCacheBehavior",
            "SmoothStreaming",
            json!("true"),
            "`DefaultCacheBehavior.SmoothStreaming`",
        ),
        (
            "/DefaultCacheBehavior/ForwardedValues",
            "QueryStringCacheKeys",
            json!({"Quantity": "1", "Items": {"Name": "a"}}),
            "part of the cache's key",
        ),
        (
            "/Origins/Items/Origin",
            "S3OriginConfig",
            json!({"OriginAccessIdentity": "x"}),
            "buckets are no origins",
        ),
        (
            "/Origins/Items/Origin/CustomOriginConfig",
            "OriginReadTimeout",
            json!("0"),
            "from 1 to 180",
        ),
        ("/Origins", "Quantity", json!("2"), "do not match"),
        (
            "",
            "ViewerCertificate",
            json!({"ACMCertificateArn": "arn"}),
            "certificate of its own host",
        ),
        ("", "Enabled", json!("yes"), "`Enabled`"),
    ] {
        let error = read::config(&changed(pointer, name, value)).unwrap_err();
        assert!(error.message.contains(told), "{told}: {}", error.message);
    }
}

#[test]
fn settings_that_mean_nothing_are_no_error() {
    for (pointer, name, value) in [
        (
            "",
            "Logging",
            json!({"Enabled": "false", "IncludeCookies": "false", "Bucket": "", "Prefix": ""}),
        ),
        (
            "",
            "Restrictions",
            json!({"GeoRestriction": {"RestrictionType": "none", "Quantity": "0"}}),
        ),
        (
            "",
            "ViewerCertificate",
            json!({"CloudFrontDefaultCertificate": "true"}),
        ),
        (
            "/DefaultCacheBehavior",
            "TrustedSigners",
            json!({"Enabled": "false", "Quantity": "0"}),
        ),
    ] {
        assert!(read::config(&changed(pointer, name, value)).is_ok(), "{name}");
    }
}
