//! Web ACLs that somebody writes, and requests that a web ACL inspects.

use std::{net::IpAddr, sync::OnceLock};

use portcullis_firewall::{BodyView, CompiledWebAcl, NoReferences, Rates, RequestView, compile};
use portcullis_model::{HeaderList, Timestamp, resources::wafv2::WebAcl};
use serde_json::json;

const SOURCE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 7));

/// A web ACL compiles or is refused with reasons, and one that compiles judges.
pub(crate) fn web_acl(bytes: &[u8]) {
    let Ok(acl) = serde_json::from_slice::<WebAcl>(bytes) else {
        return;
    };
    match compile(&acl, &NoReferences) {
        Err(problems) => assert!(!problems.is_empty()),
        Ok(compiled) => judge(
            &compiled,
            b"GET /a?b=c%27%20or%201=1 HTTP/1.1\r\nCookie: a=b\r\n\r\n{\"a\": 1}",
        ),
    }
}

/// Whatever comes, inspection ends, and says the same twice.
pub(crate) fn inspection(bytes: &[u8]) {
    static EVERYTHING: OnceLock<CompiledWebAcl> = OnceLock::new();
    judge(
        EVERYTHING.get_or_init(|| {
            let acl: WebAcl = serde_json::from_value(everything()).expect("a web ACL");
            compile(&acl, &NoReferences).unwrap_or_else(|problems| {
                panic!(
                    "{:?}",
                    problems.iter().map(ToString::to_string).collect::<Vec<_>>()
                )
            })
        }),
        bytes,
    );
}

/// Detectors and transformations over every place of a request.
pub(crate) fn everything() -> serde_json::Value {
    let visibility = |name: &str| json!({"SampledRequestsEnabled": false, "CloudWatchMetricsEnabled": false, "MetricName": name});
    let transformations = [
        "URL_DECODE_UNI",
        "HTML_ENTITY_DECODE",
        "COMPRESS_WHITE_SPACE",
        "LOWERCASE",
        "JS_DECODE",
        "CSS_DECODE",
        "BASE64_DECODE_EXT",
        "NORMALIZE_PATH",
        "REPLACE_COMMENTS",
    ];
    let transformations: Vec<_> = transformations
        .iter()
        .enumerate()
        .map(|(priority, kind)| json!({"Priority": priority, "Type": kind}))
        .collect();
    let everywhere = [
        json!({"UriPath": {}}),
        json!({"QueryString": {}}),
        json!({"AllQueryArguments": {}}),
        json!({"Body": {"OversizeHandling": "CONTINUE"}}),
        json!({"JsonBody": {"MatchPattern": {"All": {}}, "MatchScope": "ALL", "InvalidFallbackBehavior": "EVALUATE_AS_STRING", "OversizeHandling": "CONTINUE"}}),
        json!({"Cookies": {"MatchPattern": {"All": {}}, "MatchScope": "ALL", "OversizeHandling": "CONTINUE"}}),
        json!({"Headers": {"MatchPattern": {"All": {}}, "MatchScope": "ALL", "OversizeHandling": "CONTINUE"}}),
    ];
    let mut rules = Vec::new();
    for field in everywhere {
        for (detector, levels) in [("SqliMatchStatement", true), ("XssMatchStatement", false)] {
            let mut statement = json!({"FieldToMatch": field, "TextTransformations": transformations});
            if levels {
                statement["SensitivityLevel"] = "HIGH".into();
            }
            let name = format!("rule-{}", rules.len());
            rules.push(json!({
                "Name": name,
                "Priority": rules.len(),
                "Statement": {detector: statement},
                "Action": {"Count": {}},
                "VisibilityConfig": visibility(&name),
            }));
        }
    }
    json!({
        "Name": "everything",
        "Id": "00000000-0000-0000-0000-000000000000",
        "ARN": "arn:aws:wafv2:us-east-1:000000000000:regional/webacl/everything/00000000-0000-0000-0000-000000000000",
        "Scope": "REGIONAL",
        "DefaultAction": {"Allow": {}},
        "Rules": rules,
        "VisibilityConfig": visibility("everything"),
    })
}

/// Takes `bytes` roughly apart as a request, and has it judged twice.
fn judge(acl: &CompiledWebAcl, bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let mut lines = head.split("\r\n");
    let mut words = lines.next().unwrap_or_default().splitn(3, ' ');
    let method = words.next().unwrap_or_default();
    let target = words.next().unwrap_or_default();
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut headers = HeaderList::new();
    for (name, value) in lines.filter_map(|line| line.split_once(':')) {
        headers.push(name, value.trim());
    }
    let request = RequestView {
        method,
        path,
        query,
        headers: &headers,
        body: BodyView {
            prefix: body.as_bytes(),
            has_more: false,
        },
        source: SOURCE,
        http_version: "HTTP/1.1",
    };
    let verdict = || acl.evaluate(&request, &Rates::new(), Timestamp::from_seconds(1_700_000_000));
    assert_eq!(verdict().is_block(), verdict().is_block());
}
