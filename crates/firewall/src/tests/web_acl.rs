//! Web ACLs as users write them, against requests as they come. Tables; one function touches the interface.

use std::{collections::BTreeMap, net::IpAddr};

use crate::{
    BodyNeed, BodyView, CompiledWebAcl, DecidedBy, NoReferences, Rates, References, RequestView, Verdict,
    VerdictAction, check_regex_pattern_set, compile, managed_rule_groups,
};
use indexmap::IndexMap;
use portcullis_model::{
    HeaderList, Timestamp,
    resources::wafv2::{
        CustomResponseBody, IpSet, RegexPatternSet, RegularExpression, VisibilityConfig, WafScope, WebAcl,
    },
};
use serde_json::{Value, json};

const ARN: &str = "arn:aws:wafv2:us-east-1:000000000000:regional/webacl/guard/1";

fn visibility() -> Value {
    json!({"SampledRequestsEnabled": true, "CloudWatchMetricsEnabled": false, "MetricName": "m"})
}

fn acl(rules: Vec<Value>) -> WebAcl {
    WebAcl {
        name: "guard".into(),
        id: "1".into(),
        arn: ARN.into(),
        scope: WafScope::Regional,
        description: None,
        default_action: json!({"Allow": {}}),
        rules,
        visibility_config: VisibilityConfig {
            sampled_requests_enabled: true,
            cloud_watch_metrics_enabled: false,
            metric_name: "guard".into(),
        },
        custom_response_bodies: IndexMap::new(),
        association_config: None,
        capacity: 0,
        lock_token: String::new(),
        tags: BTreeMap::new(),
    }
}

fn rule(name: &str, priority: u32, action: Value, statement: Value) -> Value {
    json!({
        "Name": name, "Priority": priority, "Action": action, "Statement": statement,
        "VisibilityConfig": visibility(),
    })
}

fn block(statement: Value) -> Value {
    rule("block", 0, json!({"Block": {}}), statement)
}

fn compiled(acl: &WebAcl) -> CompiledWebAcl {
    compile(acl, &NoReferences).unwrap_or_else(|problems| panic!("{problems:#?}"))
}

/// A request under construction.
#[derive(Clone)]
struct Sent {
    method: String,
    path: String,
    query: String,
    headers: HeaderList,
    body: Vec<u8>,
    has_more: bool,
    source: IpAddr,
}

fn get(target: &str) -> Sent {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    Sent {
        method: "GET".into(),
        path: path.into(),
        query: query.into(),
        headers: HeaderList::new(),
        body: Vec::new(),
        has_more: false,
        source: "192.0.2.1".parse().unwrap(),
    }
}

fn post(body: &str) -> Sent {
    Sent {
        method: "POST".into(),
        body: body.into(),
        ..get("/")
    }
}

impl Sent {
    fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push(name, value);
        self
    }

    fn from(mut self, source: &str) -> Self {
        self.source = source.parse().unwrap();
        self
    }

    fn judged(&self, acl: &CompiledWebAcl, rates: &Rates, now: Timestamp) -> Verdict {
        let request = RequestView {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &self.headers,
            body: BodyView {
                prefix: &self.body,
                has_more: self.has_more,
            },
            source: self.source,
            http_version: "HTTP/1.1",
        };
        acl.evaluate(&request, rates, now)
    }

    fn verdict(&self, acl: &CompiledWebAcl) -> Verdict {
        self.judged(acl, &Rates::new(), Timestamp::from_seconds(1_000))
    }
}

fn matches(statement: Value, request: &Sent) -> bool {
    request
        .verdict(&compiled(&acl(vec![block(statement)])))
        .is_block()
}

fn problems(rules: Vec<Value>) -> Vec<String> {
    match compile(&acl(rules), &NoReferences) {
        Ok(_) => Vec::new(),
        Err(problems) => problems
            .iter()
            .map(|problem| format!("{}: {}", problem.path, problem.message))
            .collect(),
    }
}

const NONE: &str = r#"[{"Priority": 0, "Type": "NONE"}]"#;

fn none() -> Value {
    serde_json::from_str(NONE).unwrap()
}

fn transform(names: &[&str]) -> Value {
    let list = names.iter().enumerate();
    list.map(|(priority, name)| json!({"Priority": priority, "Type": name}))
        .collect()
}

fn byte_match(field: Value, constraint: &str, text: &str) -> Value {
    use base64::Engine as _;
    let search = base64::engine::general_purpose::STANDARD.encode(text);
    json!({"ByteMatchStatement": {
        "SearchString": search, "FieldToMatch": field, "TextTransformations": none(),
        "PositionalConstraint": constraint,
    }})
}

#[test]
fn byte_match_looks_at_the_right_place() {
    let table = [
        ("EXACTLY", "/admin", "/admin", true),
        ("EXACTLY", "/admin", "/admin/x", false),
        ("STARTS_WITH", "/admin", "/admin/x", true),
        ("STARTS_WITH", "/admin", "/x/admin", false),
        ("ENDS_WITH", ".php", "/a.php", true),
        ("ENDS_WITH", ".php", "/a.php5", false),
        ("CONTAINS", "adm", "/x/admin", true),
        ("CONTAINS", "adm", "/x", false),
        ("CONTAINS_WORD", "admin", "/x/admin/y", true),
        ("CONTAINS_WORD", "admin", "/admin", true),
        ("CONTAINS_WORD", "admin", "/administrator", false),
        ("CONTAINS_WORD", "admin", "/xadmin/admin", true),
        ("CONTAINS_WORD", "admin", "/my_admin", false),
    ];
    for (constraint, text, path, expected) in table {
        let statement = byte_match(json!({"UriPath": {}}), constraint, text);
        assert_eq!(
            matches(statement, &get(path)),
            expected,
            "{path} {constraint} {text}"
        );
    }
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn every_field_is_found() {
    let cookies = |scope: &str, pattern: Value| json!({"Cookies": {"MatchPattern": pattern, "MatchScope": scope, "OversizeHandling": "CONTINUE"}});
    let headers = |scope: &str, pattern: Value| json!({"Headers": {"MatchPattern": pattern, "MatchScope": scope, "OversizeHandling": "CONTINUE"}});
    let json_body =
        |scope: &str, pattern: Value| json!({"JsonBody": {"MatchPattern": pattern, "MatchScope": scope}});
    let all = || json!({"All": {}});
    let request = Sent {
        query: "a=1&Word=needle%21&b".into(),
        ..post(r#"{"k":{"needle":"x"},"list":["y"]}"#)
    }
    .header("Host", "api.example")
    .header("X-Mark", "needle")
    .header("Cookie", "theme=dark; id=needle; needle=1");
    let table = [
        (json!({"SingleHeader": {"Name": "x-mark"}}), "needle", true),
        (json!({"SingleHeader": {"Name": "x-none"}}), "", false),
        (
            json!({"SingleQueryArgument": {"Name": "word"}}),
            "needle%21",
            true,
        ),
        (json!({"SingleQueryArgument": {"Name": "a"}}), "needle%21", false),
        (json!({"AllQueryArguments": {}}), "b", true),
        (json!({"AllQueryArguments": {}}), "Word", false),
        (json!({"QueryString": {}}), "a=1&Word=needle%21&b", true),
        (json!({"Method": {}}), "POST", true),
        (json!({"UriPath": {}}), "/", true),
        (json!({"Body": {}}), r#"{"k":{"needle":"x"},"list":["y"]}"#, true),
        (
            json!({"HeaderOrder": {"OversizeHandling": "CONTINUE"}}),
            "host:x-mark:cookie",
            true,
        ),
        (cookies("VALUE", all()), "needle", true),
        (
            cookies("VALUE", json!({"IncludedCookies": ["theme"]})),
            "needle",
            false,
        ),
        (
            cookies("KEY", json!({"ExcludedCookies": ["needle"]})),
            "needle",
            false,
        ),
        (cookies("KEY", all()), "needle", true),
        (
            headers("VALUE", json!({"IncludedHeaders": ["x-mark", "other"]})),
            "needle",
            true,
        ),
        (headers("KEY", all()), "X-Mark", true),
        (
            headers("ALL", json!({"ExcludedHeaders": ["X-MARK"]})),
            "needle",
            false,
        ),
        (json_body("KEY", all()), "needle", true),
        (json_body("VALUE", all()), "needle", false),
        (
            json_body("VALUE", json!({"IncludedPaths": ["/k/needle"]})),
            "x",
            true,
        ),
        (json_body("VALUE", json!({"IncludedPaths": ["/k"]})), "x", true),
        (
            json_body("VALUE", json!({"IncludedPaths": ["/list/0"]})),
            "y",
            true,
        ),
        (
            json_body("VALUE", json!({"IncludedPaths": ["/list/1", "/kk"]})),
            "y",
            false,
        ),
    ];
    for (field, text, expected) in table {
        if text.is_empty() {
            let size = json!({"SizeConstraintStatement": {
                "FieldToMatch": field, "ComparisonOperator": "GE", "Size": 0, "TextTransformations": none(),
            }});
            assert_eq!(matches(size, &request), expected, "{field}");
        } else {
            assert_eq!(
                matches(byte_match(field.clone(), "EXACTLY", text), &request),
                expected,
                "{field} {text}"
            );
        }
    }
}

#[test]
fn json_that_cannot_be_read_follows_its_fallback() {
    let statement = |fallback: Option<&str>| {
        let mut field = json!({"JsonBody": {"MatchPattern": {"All": {}}, "MatchScope": "ALL"}});
        if let Some(fallback) = fallback {
            field["JsonBody"]["InvalidFallbackBehavior"] = fallback.into();
        }
        byte_match(field, "CONTAINS", "evil")
    };
    let table = [
        (None, r#"{"a":"evil", broken"#, true),
        (None, r#"{"a":1, broken} evil"#, false),
        (Some("MATCH"), "no json", true),
        (Some("NO_MATCH"), r#"{"a":"evil"] "#, false),
        (Some("EVALUATE_AS_STRING"), "evil", true),
        (Some("EVALUATE_AS_STRING"), "good", false),
        (Some("MATCH"), "", false),
        (Some("MATCH"), r#"{"a":1}"#, false),
    ];
    for (fallback, body, expected) in table {
        assert_eq!(
            matches(statement(fallback), &post(body)),
            expected,
            "{fallback:?} {body}"
        );
    }
}

#[test]
fn what_is_oversize_is_handled_as_the_rule_says() {
    let body = |handling: &str| {
        byte_match(
            json!({"Body": {"OversizeHandling": handling}}),
            "CONTAINS",
            "needle",
        )
    };
    let small = post("a needle");
    let cut = Sent {
        has_more: true,
        ..post("a needle")
    };
    let beyond = post(&format!("{}needle", "x".repeat(16 * 1024)));
    let table = [
        ("CONTINUE", &small, true),
        ("CONTINUE", &cut, true),
        ("CONTINUE", &beyond, false),
        ("MATCH", &beyond, true),
        ("NO_MATCH", &cut, false),
        ("NO_MATCH", &small, true),
    ];
    for (handling, request, expected) in table {
        assert_eq!(
            matches(body(handling), request),
            expected,
            "{handling} {}",
            request.body.len()
        );
    }
    let headers = |handling: &str| {
        let field = json!({"Headers": {
            "MatchPattern": {"All": {}}, "MatchScope": "VALUE", "OversizeHandling": handling,
        }});
        byte_match(field, "CONTAINS", "needle")
    };
    let many = (0..201).fold(get("/"), |request, index| {
        request.header(&format!("h{index}"), "x")
    });
    assert!(matches(headers("MATCH"), &many));
    assert!(!matches(headers("CONTINUE"), &many.header("last", "needle")));
}

#[test]
fn only_rules_that_look_at_the_body_need_it() {
    let mut guard = acl(vec![block(byte_match(json!({"UriPath": {}}), "EXACTLY", "/x"))]);
    assert_eq!(compiled(&guard).body_need(), BodyNeed::None);
    guard.rules.push(rule(
        "body",
        1,
        json!({"Count": {}}),
        byte_match(json!({"Body": {}}), "CONTAINS", "x"),
    ));
    assert_eq!(compiled(&guard).body_need(), BodyNeed::Prefix(16 * 1024));
    guard.association_config =
        Some(json!({"RequestBody": {"API_GATEWAY": {"DefaultSizeInspectionLimit": "KB_48"}}}));
    assert_eq!(compiled(&guard).body_need(), BodyNeed::Prefix(48 * 1024));
}

#[test]
fn transformations_run_in_the_order_of_their_priorities() {
    let statement = |chain: Value| {
        let mut statement = byte_match(json!({"QueryString": {}}), "EXACTLY", "<b>");
        statement["ByteMatchStatement"]["TextTransformations"] = chain;
        statement
    };
    let request = get("/?%26lt%3BB%26gt%3B");
    assert!(matches(
        statement(transform(&["URL_DECODE", "HTML_ENTITY_DECODE", "LOWERCASE"])),
        &request
    ));
    assert!(!matches(
        statement(transform(&["HTML_ENTITY_DECODE", "URL_DECODE", "LOWERCASE"])),
        &request
    ));
    let backwards = json!([
        {"Priority": 9, "Type": "LOWERCASE"},
        {"Priority": 5, "Type": "HTML_ENTITY_DECODE"},
        {"Priority": 1, "Type": "URL_DECODE"},
    ]);
    assert!(matches(statement(backwards), &request));
}

#[test]
fn sizes_compare_after_transformation() {
    let statement = |operator: &str, size: u64| {
        json!({"SizeConstraintStatement": {
            "FieldToMatch": {"QueryString": {}}, "ComparisonOperator": operator, "Size": size,
            "TextTransformations": transform(&["URL_DECODE"]),
        }})
    };
    let table = [
        ("EQ", 3, true),
        ("NE", 3, false),
        ("LE", 3, true),
        ("LT", 3, false),
        ("GE", 4, false),
        ("GT", 2, true),
    ];
    for (operator, size, expected) in table {
        assert_eq!(
            matches(statement(operator, size), &get("/?a%20b")),
            expected,
            "{operator} {size}"
        );
    }
}

#[test]
fn expressions_find_and_refuse() {
    let statement = |regex: &str| {
        json!({"RegexMatchStatement": {
            "RegexString": regex, "FieldToMatch": {"UriPath": {}}, "TextTransformations": none(),
        }})
    };
    assert!(matches(statement(r"^/v\d+/"), &get("/v12/x")));
    assert!(!matches(statement(r"^/v\d+/"), &get("/vx/")));
    assert!(matches(statement("(?i)ADMIN"), &get("/admin")));
    for bad in ["(", "a(?=b)", r"(a)\1", "(a{1000}){1000}", &"x".repeat(513)] {
        let found = problems(vec![block(statement(bad))]);
        assert!(
            found
                .iter()
                .any(|text| text.starts_with("Rules/0/Statement/RegexMatchStatement/RegexString")),
            "{found:?}"
        );
    }
}

struct Sets(Vec<IpSet>, Vec<RegexPatternSet>);

impl References for Sets {
    fn ip_set(&self, arn: &str) -> Option<&IpSet> {
        self.0.iter().find(|set| set.arn == arn)
    }

    fn regex_pattern_set(&self, arn: &str) -> Option<&RegexPatternSet> {
        self.1.iter().find(|set| set.arn == arn)
    }
}

fn sets(addresses: &[&str], expressions: &[&str]) -> Sets {
    Sets(
        vec![IpSet {
            name: "offices".into(),
            id: "2".into(),
            arn: "ip".into(),
            scope: WafScope::Regional,
            description: None,
            ip_address_version: "IPV4".into(),
            addresses: addresses.iter().map(|text| (*text).to_owned()).collect(),
            lock_token: String::new(),
            tags: BTreeMap::new(),
        }],
        vec![RegexPatternSet {
            name: "paths".into(),
            id: "3".into(),
            arn: "re".into(),
            scope: WafScope::Regional,
            description: None,
            regular_expression_list: expressions
                .iter()
                .map(|text| RegularExpression {
                    regex_string: (*text).to_owned(),
                })
                .collect(),
            lock_token: String::new(),
            tags: BTreeMap::new(),
        }],
    )
}

#[test]
fn sets_are_referred_to_by_arn() {
    let sets = sets(&["10.0.0.0/8", "2001:db8::/32"], &["^/a", "z$"]);
    let ip = block(json!({"IPSetReferenceStatement": {"ARN": "ip"}}));
    let guard = compile(&acl(vec![ip]), &sets).unwrap();
    assert!(get("/").from("10.9.9.9").verdict(&guard).is_block());
    assert!(get("/").from("2001:db8::7").verdict(&guard).is_block());
    assert!(!get("/").from("11.0.0.1").verdict(&guard).is_block());
    let regex = block(json!({"RegexPatternSetReferenceStatement": {
        "ARN": "re", "FieldToMatch": {"UriPath": {}}, "TextTransformations": none(),
    }}));
    let guard = compile(&acl(vec![regex]), &sets).unwrap();
    assert!(get("/abc").verdict(&guard).is_block());
    assert!(get("/xyz").verdict(&guard).is_block());
    assert!(!get("/xy").verdict(&guard).is_block());
    assert_eq!(
        problems(vec![block(json!({"IPSetReferenceStatement": {"ARN": "gone"}}))]),
        ["Rules/0/Statement/IPSetReferenceStatement/ARN: `gone` is not an IP set that exists"]
    );
    assert!(!check_regex_pattern_set(&self::sets(&[], &["("]).1[0]).is_empty());
}

#[test]
fn too_many_addresses_are_refused() {
    let addresses: Vec<String> = (0..10_001)
        .map(|n| format!("10.{}.{}.1/32", n / 250, n % 250))
        .collect();
    let many: Vec<&str> = addresses.iter().map(String::as_str).collect();
    let rule = || vec![block(json!({"IPSetReferenceStatement": {"ARN": "ip"}}))];
    assert!(compile(&acl(rule()), &sets(&many, &[])).is_err());
    assert!(compile(&acl(rule()), &sets(&many[..10_000], &[])).is_ok());
    assert!(compile(&acl(rule()), &sets(&["10.0.0.0/99"], &[])).is_err());
}

#[test]
fn forwarded_addresses_are_looked_at_where_the_rule_says() {
    let sets = sets(&["10.0.0.0/8"], &[]);
    let table = [
        ("FIRST", "NO_MATCH", Some("10.1.1.1, 8.8.8.8"), true),
        ("FIRST", "NO_MATCH", Some("8.8.8.8, 10.1.1.1"), false),
        ("LAST", "NO_MATCH", Some("8.8.8.8, 10.1.1.1"), true),
        ("ANY", "NO_MATCH", Some("8.8.8.8, 10.1.1.1, 9.9.9.9"), true),
        ("ANY", "NO_MATCH", Some("nonsense"), false),
        ("ANY", "MATCH", Some("nonsense"), true),
        ("ANY", "MATCH", None, false),
    ];
    for (position, fallback, header, expected) in table {
        let statement = json!({"IPSetReferenceStatement": {"ARN": "ip", "IPSetForwardedIPConfig": {
            "HeaderName": "X-Forwarded-For", "FallbackBehavior": fallback, "Position": position,
        }}});
        let guard = compile(&acl(vec![block(statement)]), &sets).unwrap();
        let request = header.map_or(get("/"), |value| get("/").header("x-forwarded-for", value));
        assert_eq!(
            request.from("10.0.0.1").verdict(&guard).is_block(),
            expected,
            "{position} {fallback} {header:?}"
        );
    }
}

#[test]
fn statements_combine() {
    let path = |text: &str| byte_match(json!({"UriPath": {}}), "CONTAINS", text);
    let and = json!({"AndStatement": {"Statements": [path("a"), path("b")]}});
    let or = json!({"OrStatement": {"Statements": [path("a"), path("b")]}});
    let not = json!({"NotStatement": {"Statement": path("a")}});
    let nested = json!({"AndStatement": {"Statements": [or, {"NotStatement": {"Statement": path("c")}}]}});
    let table = [
        (&and, "/ab", true),
        (&and, "/a", false),
        (&or, "/b", true),
        (&or, "/c", false),
        (&not, "/b", true),
        (&not, "/a", false),
        (&nested, "/b", true),
        (&nested, "/bc", false),
    ];
    for (statement, path, expected) in table {
        assert_eq!(
            matches(statement.clone(), &get(path)),
            expected,
            "{path} {statement}"
        );
    }
}

#[test]
fn the_first_rule_that_ends_decides_and_counting_ones_are_listed() {
    let path = |text: &str| byte_match(json!({"UriPath": {}}), "CONTAINS", text);
    let guard = compiled(&acl(vec![
        rule("late", 30, json!({"Block": {}}), path("a")),
        rule("counts", 10, json!({"Count": {}}), path("a")),
        rule("lets", 20, json!({"Allow": {}}), path("ok")),
    ]));
    let verdict = get("/a").verdict(&guard);
    assert!(verdict.is_block());
    assert!(matches!(&verdict.decided_by, DecidedBy::Rule(name) if &*name.rule == "late"));
    assert_eq!(
        verdict
            .counted
            .iter()
            .map(|name| name.display())
            .collect::<Vec<_>>(),
        ["counts"]
    );
    assert!(guard.is_sampled(&verdict.decided_by));
    let verdict = get("/ok/a").verdict(&guard);
    assert!(!verdict.is_block());
    assert!(matches!(&verdict.decided_by, DecidedBy::Rule(name) if &*name.rule == "lets"));
    assert_eq!(get("/x").verdict(&guard).decided_by, DecidedBy::DefaultAction);
}

#[test]
fn labels_reach_later_rules_only() {
    let labelled = |name: &str, priority: u32, statement: Value| {
        let mut rule = rule(name, priority, json!({"Count": {}}), statement);
        rule["RuleLabels"] = json!([{"Name": "seen:path"}]);
        rule
    };
    let label = |scope: &str, key: &str| json!({"LabelMatchStatement": {"Scope": scope, "Key": key}});
    let on_a = byte_match(json!({"UriPath": {}}), "EXACTLY", "/a");
    let table = [
        ("LABEL", "seen:path", 5, true),
        ("LABEL", "awswaf:000000000000:webacl:guard:seen:path", 5, true),
        ("NAMESPACE", "seen:", 5, true),
        ("NAMESPACE", "awswaf:000000000000:webacl:guard:", 5, true),
        ("LABEL", "seen", 5, false),
        ("LABEL", "path", 5, false),
        ("LABEL", "seen:path", 0, false),
    ];
    for (scope, key, priority, expected) in table {
        let guard = compiled(&acl(vec![
            labelled("marks", 1, on_a.clone()),
            rule("acts", priority, json!({"Block": {}}), label(scope, key)),
        ]));
        let verdict = get("/a").verdict(&guard);
        assert_eq!(verdict.is_block(), expected, "{scope} {key} {priority}");
        if !verdict.is_block() {
            assert_eq!(
                verdict.labels,
                ["awswaf:000000000000:webacl:guard:seen:path".into()]
            );
        }
        assert!(!get("/b").verdict(&guard).is_block());
    }
}

#[test]
fn answers_and_inserted_headers_are_those_of_the_rule() {
    let mut guard = acl(vec![
        rule(
            "counts",
            0,
            json!({"Count": {"CustomRequestHandling": {"InsertHeaders": [{"Name": "seen", "Value": "yes"}]}}}),
            byte_match(json!({"UriPath": {}}), "STARTS_WITH", "/"),
        ),
        rule(
            "answers",
            1,
            json!({"Block": {"CustomResponse": {
                "ResponseCode": 418,
                "CustomResponseBodyKey": "tea",
                "ResponseHeaders": [{"Name": "x-why", "Value": "tea"}],
            }}}),
            byte_match(json!({"UriPath": {}}), "EXACTLY", "/tea"),
        ),
    ]);
    guard.custom_response_bodies.insert(
        "tea".into(),
        CustomResponseBody {
            content_type: "APPLICATION_JSON".into(),
            content: r#"{"tea":true}"#.into(),
        },
    );
    let guard = compiled(&guard);
    let verdict = get("/tea").verdict(&guard);
    let VerdictAction::Block(Some(answer)) = &verdict.action else {
        panic!("{verdict:?}")
    };
    assert_eq!((answer.status, answer.headers[0].1.as_str()), (418, "tea"));
    assert_eq!(answer.body, Some(("application/json", r#"{"tea":true}"#.into())));
    assert!(verdict.insert_headers.is_empty());
    let verdict = get("/").verdict(&guard);
    assert_eq!(verdict.insert_headers, [("x-amzn-waf-seen".into(), "yes".into())]);
}

fn rate(settings: Value) -> Value {
    let mut statement = json!({"Limit": 10, "EvaluationWindowSec": 60, "AggregateKeyType": "IP"});
    statement
        .as_object_mut()
        .unwrap()
        .extend(settings.as_object().unwrap().clone());
    block(json!({"RateBasedStatement": statement}))
}

/// Sends `count` requests and returns how many passed.
fn passed(guard: &CompiledWebAcl, rates: &Rates, second: i64, count: usize, request: &Sent) -> usize {
    (0..count)
        .filter(|_| {
            !request
                .judged(guard, rates, Timestamp::from_seconds(second))
                .is_block()
        })
        .count()
}

#[test]
fn a_rate_holds_per_address_and_window() {
    let guard = compiled(&acl(vec![rate(json!({}))]));
    let rates = Rates::new();
    assert_eq!(passed(&guard, &rates, 1_000, 15, &get("/")), 10);
    assert_eq!(passed(&guard, &rates, 1_000, 15, &get("/").from("192.0.2.2")), 10);
    assert_eq!(passed(&guard, &rates, 1_030, 1, &get("/")), 0);
    assert_eq!(passed(&guard, &rates, 1_200, 15, &get("/")), 10);
    let again = compiled(&acl(vec![rate(json!({}))]));
    assert_eq!(
        passed(&again, &rates, 1_200, 1, &get("/")),
        0,
        "a recompiled web ACL goes on counting"
    );
    let other = compiled(&acl(vec![rate(json!({"Limit": 11}))]));
    assert_eq!(
        passed(&other, &rates, 1_200, 1, &get("/")),
        1,
        "other settings count anew"
    );
}

#[test]
fn rates_aggregate_by_what_the_rule_names() {
    let none = none();
    let keys = |keys: Value| json!({"AggregateKeyType": "CUSTOM_KEYS", "CustomKeys": keys});
    let header = keys(json!([{"Header": {"Name": "x-key", "TextTransformations": none}}]));
    let argument = keys(json!([{"IP": {}}, {"QueryArgument": {"Name": "k", "TextTransformations": none}}]));
    let method = keys(json!([{"HTTPMethod": {}}]));
    let cookie = keys(json!([{"Cookie": {"Name": "s", "TextTransformations": none}}]));
    let path = keys(json!([{"UriPath": {"TextTransformations": none}}]));
    let forwarded = json!({
        "AggregateKeyType": "FORWARDED_IP",
        "ForwardedIPConfig": {"HeaderName": "x-forwarded-for", "FallbackBehavior": "MATCH"},
    });
    let constant = json!({
        "AggregateKeyType": "CONSTANT",
        "ScopeDownStatement": byte_match(json!({"Method": {}}), "EXACTLY", "GET"),
    });
    let other = || get("/").from("192.0.2.9");
    // Settings, a request to exhaust, one that shares its instance, one that does not.
    let table = [
        (
            &header,
            get("/").header("x-key", "a"),
            other().header("x-key", "a"),
            get("/").header("x-key", "b"),
        ),
        (
            &header,
            get("/").header("x-key", "a"),
            other().header("X-Key", "a"),
            get("/"),
        ),
        (&argument, get("/?k=1"), get("/x?k=1"), other()),
        (&argument, get("/?k=1"), get("/?a&k=1"), get("/?k=2")),
        (&method, get("/"), other(), post("")),
        (
            &cookie,
            get("/").header("cookie", "s=1"),
            other().header("cookie", "a=b; s=1"),
            get("/").header("cookie", "s=2"),
        ),
        (&path, get("/a"), get("/a?x=1"), get("/b")),
        (
            &forwarded,
            get("/").header("x-forwarded-for", "1.1.1.1"),
            other().header("x-forwarded-for", "1.1.1.1, 2.2.2.2"),
            get("/"),
        ),
        (&constant, get("/"), other(), post("")),
    ];
    for (settings, first, same, apart) in table {
        let guard = compiled(&acl(vec![rate(settings.clone())]));
        let rates = Rates::new();
        assert_eq!(passed(&guard, &rates, 0, 12, &first), 10, "{settings}");
        assert_eq!(passed(&guard, &rates, 0, 1, &same), 0, "{settings}");
        assert_eq!(passed(&guard, &rates, 0, 1, &apart), 1, "{settings}");
    }
    let guard = compiled(&acl(vec![rate(forwarded)]));
    assert!(
        get("/")
            .header("x-forwarded-for", "junk")
            .verdict(&guard)
            .is_block(),
        "malformed counts as a match"
    );
}

fn managed(settings: Value) -> Value {
    let mut statement = json!({"VendorName": "AWS", "Name": "AWSManagedRulesSQLiRuleSet"});
    statement
        .as_object_mut()
        .unwrap()
        .extend(settings.as_object().unwrap().clone());
    json!({
        "Name": "sql", "Priority": 1, "OverrideAction": {"None": {}},
        "Statement": {"ManagedRuleGroupStatement": statement}, "VisibilityConfig": visibility(),
    })
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn the_managed_group_refuses_sql_injection_under_its_rule_names() {
    let guard = compiled(&acl(vec![managed(json!({}))]));
    assert_eq!(guard.capacity, 200);
    assert_eq!(guard.body_need(), BodyNeed::Prefix(16 * 1024));
    let form = |body: &str| post(body).header("content-type", "application/x-www-form-urlencoded");
    let table = [
        (
            get("/?id=1%20or%201%3D1"),
            "SQLi_QUERYARGUMENTS",
            "sql-database:SQLi_QueryArguments",
        ),
        (
            get("/?id=1+or+1=1"),
            "SQLi_QUERYARGUMENTS",
            "sql-database:SQLi_QueryArguments",
        ),
        (
            get("/?n=%2527%2520or%2520%2527a%2527%253D%2527a"),
            "SQLiExtendedPatterns_QUERYARGUMENTS",
            "sql-database:SQLiExtendedPatterns_QueryArguments",
        ),
        (
            get("/?1%20or%202=2"),
            "SQLiExtendedPatterns_QUERYARGUMENTS",
            "sql-database:SQLiExtendedPatterns_QueryArguments",
        ),
        (
            form("a=b&name=%27+or+%27x%27%3D%27x"),
            "SQLi_BODY",
            "sql-database:SQLi_Body",
        ),
        (
            post(r#"{"id":"1 union select password from users"}"#),
            "SQLi_BODY",
            "sql-database:SQLi_Body",
        ),
        (
            post(r#"{"id":"1%20or%201%3D1", "x":"%22"}"#),
            "SQLi_BODY",
            "sql-database:SQLi_Body",
        ),
        (
            form("a=%2527%2520or%25201%253D1--"),
            "SQLiExtendedPatterns_BODY",
            "sql-database:SQLiExtendedPatterns_Body",
        ),
        (
            get("/").header("cookie", "a=b; id=1' or '1'='1"),
            "SQLi_COOKIE",
            "sql-database:SQLi_Cookie",
        ),
        (
            get("/items/1;drop%20table%20items"),
            "SQLi_URIPATH",
            "sql-database:SQLi_URIPath",
        ),
    ];
    for (request, name, label) in table {
        let verdict = request.verdict(&guard);
        let DecidedBy::Rule(decided) = &verdict.decided_by else {
            panic!(
                "{} {} {}",
                request.path,
                request.query,
                String::from_utf8_lossy(&request.body)
            )
        };
        assert_eq!(
            decided.group_rule.as_deref(),
            Some(name),
            "{request:?}",
            request = request.query
        );
        assert_eq!(
            verdict.labels.last().map(|label| label.to_string()),
            Some(format!("awswaf:managed:aws:{label}"))
        );
        assert_eq!(verdict.matched.len(), 1);
        assert_eq!(verdict.matched[0].condition, "SQL_INJECTION");
    }
    for request in [
        get("/items/7?name=O%27Brien&sort=name&page=2"),
        post(r#"{"text":"Select one; or two from the list, it's fine","n":1}"#),
        get("/").header("cookie", "theme=dark; session=abc.def-ghi"),
    ] {
        assert!(!request.verdict(&guard).is_block(), "{}", request.query);
    }
}

#[test]
fn rules_of_a_group_are_overridden_excluded_and_scoped() {
    let attack = get("/?id=1+or+1=1");
    let counted = |verdict: &Verdict| {
        verdict
            .counted
            .iter()
            .map(|name| name.display())
            .collect::<Vec<_>>()
    };

    let mut counting = managed(json!({}));
    counting["OverrideAction"] = json!({"Count": {}});
    let verdict = attack.verdict(&compiled(&acl(vec![counting])));
    assert!(!verdict.is_block());
    assert_eq!(counted(&verdict), ["sql/SQLi_QUERYARGUMENTS"]);

    let names = ["SQLi_QUERYARGUMENTS", "SQLiExtendedPatterns_QUERYARGUMENTS"];
    let excluded: Vec<Value> = names.iter().map(|name| json!({"Name": name})).collect();
    let verdict = attack.verdict(&compiled(&acl(vec![managed(json!({"ExcludedRules": excluded}))])));
    assert!(!verdict.is_block());
    assert_eq!(
        counted(&verdict),
        [
            "sql/SQLi_QUERYARGUMENTS",
            "sql/SQLiExtendedPatterns_QUERYARGUMENTS"
        ]
    );
    assert_eq!(verdict.labels.len(), 2);

    let overridden = json!({"RuleActionOverrides": [
        {"Name": "SQLi_QUERYARGUMENTS", "ActionToUse": {"Block": {"CustomResponse": {"ResponseCode": 429}}}},
    ]});
    let verdict = attack.verdict(&compiled(&acl(vec![managed(overridden)])));
    assert!(matches!(&verdict.action, VerdictAction::Block(Some(answer)) if answer.status == 429));

    let scoped = json!({"ScopeDownStatement": byte_match(json!({"UriPath": {}}), "STARTS_WITH", "/api")});
    let guard = compiled(&acl(vec![managed(scoped)]));
    assert!(!attack.verdict(&guard).is_block());
    assert!(get("/api?id=1+or+1=1").verdict(&guard).is_block());
}

#[test]
fn a_version_and_unknown_rule_names_are_said_to_be_ignored() {
    let guard = compiled(&acl(vec![managed(json!({
        "Version": "Version_2.0", "ExcludedRules": [{"Name": "Nope"}],
    }))]));
    let warnings: Vec<&str> = guard
        .warnings
        .iter()
        .map(|problem| problem.path.as_str())
        .collect();
    assert_eq!(
        warnings,
        [
            "Rules/0/Statement/ManagedRuleGroupStatement/Version",
            "Rules/0/Statement/ManagedRuleGroupStatement/ExcludedRules/0/Name",
        ]
    );
    assert_eq!(managed_rule_groups().len(), 1);
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn every_problem_is_told_with_its_path() {
    let statement = byte_match(json!({"UriPath": {}}), "EXACTLY", "x");
    let with = |key: &str, value: Value| {
        let mut rule = block(statement.clone());
        rule[key] = value;
        rule
    };
    let changed = |key: &str, value: Value| {
        let mut statement = statement.clone();
        statement["ByteMatchStatement"][key] = value;
        block(statement)
    };
    let table = [
        (with("Nmae", json!(1)), "Rules/0/Nmae: unknown property `Nmae`"),
        (with("Name", json!("a b")), "Rules/0/Name: `a b` must be"),
        (
            with("Priority", json!(-1)),
            "Rules/0/Priority: must be a whole number",
        ),
        (
            with("Action", json!({"Captcha": {}})),
            "Rules/0/Action/Captcha: the action Captcha is not supported",
        ),
        (
            with("Action", json!({})),
            "Rules/0/Action: must have exactly one property",
        ),
        (
            with(
                "Action",
                json!({"Block": {"CustomResponse": {"ResponseCode": 99}}}),
            ),
            "Rules/0/Action/Block/CustomResponse/ResponseCode: ",
        ),
        (
            with(
                "Action",
                json!({"Block": {"CustomResponse": {"ResponseCode": 403, "CustomResponseBodyKey": "k"}}}),
            ),
            "Rules/0/Action/Block/CustomResponse/CustomResponseBodyKey: `k`",
        ),
        (
            with("OverrideAction", json!({"None": {}})),
            "Rules/0/OverrideAction: is for rule groups",
        ),
        (
            with("CaptchaConfig", json!({})),
            "Rules/0/CaptchaConfig: is not supported",
        ),
        (
            with("VisibilityConfig", json!({"MetricName": "x"})),
            "Rules/0/VisibilityConfig/SampledRequestsEnabled: is required",
        ),
        (
            with("RuleLabels", json!([{"Name": "a b"}])),
            "Rules/0/RuleLabels/0/Name: `a b` is not a label",
        ),
        (
            with("Statement", json!({})),
            "Rules/0/Statement: must have exactly one property, has none",
        ),
        (
            with(
                "Statement",
                json!({"GeoMatchStatement": {"CountryCodes": ["DE"]}}),
            ),
            "Rules/0/Statement/GeoMatchStatement: GeoMatchStatement is not supported: there is no data",
        ),
        (
            with("Statement", json!({"RuleGroupReferenceStatement": {}})),
            "Rules/0/Statement/RuleGroupReferenceStatement: RuleGroupReferenceStatement is not supported",
        ),
        (
            with("Statement", json!({"MadeUp": {}})),
            "Rules/0/Statement/MadeUp: `MadeUp` is not a statement",
        ),
        (
            with(
                "Statement",
                json!({"NotStatement": {"Statement": {"ManagedRuleGroupStatement": {}}}}),
            ),
            "Rules/0/Statement/NotStatement/Statement/ManagedRuleGroupStatement: a rule group cannot",
        ),
        (
            with(
                "Statement",
                json!({"NotStatement": {"Statement": {"RateBasedStatement": {"Limit": 10, "AggregateKeyType": "IP"}}}}),
            ),
            "Rules/0/Statement/NotStatement/Statement/RateBasedStatement: a rate-based statement cannot",
        ),
        (
            with(
                "Statement",
                json!({"RateBasedStatement": {"Limit": 9, "AggregateKeyType": "IP"}}),
            ),
            "Rules/0/Statement/RateBasedStatement/Limit: must be",
        ),
        (
            with(
                "Statement",
                json!({"RateBasedStatement": {"Limit": 10, "AggregateKeyType": "IP", "EvaluationWindowSec": 61}}),
            ),
            "Rules/0/Statement/RateBasedStatement/EvaluationWindowSec: 61",
        ),
        (
            with(
                "Statement",
                json!({"RateBasedStatement": {"Limit": 10, "AggregateKeyType": "CUSTOM_KEYS", "CustomKeys": [{"JA3Fingerprint": {}}]}}),
            ),
            "Rules/0/Statement/RateBasedStatement/CustomKeys/0/JA3Fingerprint: ",
        ),
        (
            with("Statement", json!({"AndStatement": {"Statements": [{}]}})),
            "Rules/0/Statement/AndStatement/Statements: must have from 2",
        ),
        (
            changed("SearchString", json!("***")),
            "Rules/0/Statement/ByteMatchStatement/SearchString: must be base64",
        ),
        (
            changed("SearchString", json!("A".repeat(400))),
            "Rules/0/Statement/ByteMatchStatement/SearchString: must have from 1 to 200 bytes",
        ),
        (
            changed("PositionalConstraint", json!("NEAR")),
            "Rules/0/Statement/ByteMatchStatement/PositionalConstraint: `NEAR` is not supported",
        ),
        (
            changed("FieldToMatch", json!({"JA3Fingerprint": {}})),
            "Rules/0/Statement/ByteMatchStatement/FieldToMatch/JA3Fingerprint: JA3Fingerprint is not supported",
        ),
        (
            changed("FieldToMatch", json!({"Nose": {}})),
            "Rules/0/Statement/ByteMatchStatement/FieldToMatch/Nose: `Nose` is not",
        ),
        (
            changed("FieldToMatch", json!({"UriPath": {"x": 1}})),
            "Rules/0/Statement/ByteMatchStatement/FieldToMatch/UriPath/x: unknown property",
        ),
        (
            changed("TextTransformations", json!([])),
            "Rules/0/Statement/ByteMatchStatement/TextTransformations: must have from 1",
        ),
        (
            changed("TextTransformations", json!([{"Priority": 0, "Type": "MD5"}])),
            "Rules/0/Statement/ByteMatchStatement/TextTransformations/0/Type: MD5 is not supported",
        ),
        (
            changed("TextTransformations", json!([{"Priority": 0, "Type": "X"}])),
            "Rules/0/Statement/ByteMatchStatement/TextTransformations/0/Type: `X` is not",
        ),
        (
            changed(
                "TextTransformations",
                json!([{"Priority": 0, "Type": "LOWERCASE"}, {"Priority": 0, "Type": "NONE"}]),
            ),
            "Rules/0/Statement/ByteMatchStatement/TextTransformations/1/Priority: 0 is taken",
        ),
        (
            managed(json!({"Name": "AWSManagedRulesCommonRuleSet"})),
            "Rules/0/Statement/ManagedRuleGroupStatement/Name: the managed group",
        ),
        (
            rate(json!({"ForwardedIPConfig": {"HeaderName": "x", "FallbackBehavior": "PERHAPS"}})),
            "Rules/0/Statement/RateBasedStatement/ForwardedIPConfig/FallbackBehavior: `PERHAPS`",
        ),
    ];
    for (rule, expected) in table {
        let found = problems(vec![rule.clone()]);
        assert!(
            found.iter().any(|text| text.starts_with(expected)),
            "{expected}\n{found:#?}\n{rule}"
        );
    }
    let found = problems(vec![
        with("Nmae", json!(1)),
        changed("PositionalConstraint", json!("NEAR")),
    ]);
    assert!(
        found.len() >= 4,
        "several at once, and the clash of names and priorities: {found:#?}"
    );
}

#[test]
fn nesting_is_bounded() {
    let mut statement = byte_match(json!({"UriPath": {}}), "EXACTLY", "x");
    for _ in 0..40 {
        statement = json!({"NotStatement": {"Statement": statement}});
    }
    assert!(
        problems(vec![block(statement)])
            .iter()
            .any(|text| text.ends_with("statements may be 16 deep"))
    );
}

#[test]
fn capacity_adds_up() {
    let path = || byte_match(json!({"UriPath": {}}), "EXACTLY", "x");
    let sqli = json!({"SqliMatchStatement": {
        "FieldToMatch": {"AllQueryArguments": {}}, "TextTransformations": transform(&["URL_DECODE", "LOWERCASE"]),
        "SensitivityLevel": "HIGH",
    }});
    let xss = json!({"XssMatchStatement": {
        "FieldToMatch": {"JsonBody": {"MatchPattern": {"All": {}}, "MatchScope": "ALL"}}, "TextTransformations": none(),
    }});
    // Two exact matches; 30 + 10 for all arguments + 2 transformations; 40 doubled for JSON; 2 for the rate.
    let guard = compiled(&acl(vec![
        rule("a", 0, json!({"Block": {}}), path()),
        rule("b", 1, json!({"Block": {}}), path()),
        rule("c", 2, json!({"Block": {}}), sqli),
        rule("d", 3, json!({"Block": {}}), xss),
    ]));
    assert_eq!(guard.capacity, 2 + 2 + 30 + 10 + 20 + 80);
    assert_eq!(compiled(&acl(vec![rate(json!({}))])).capacity, 2);
}

#[test]
fn script_is_refused_where_the_rule_looks() {
    let statement = json!({"XssMatchStatement": {
        "FieldToMatch": {"AllQueryArguments": {}}, "TextTransformations": transform(&["URL_DECODE"]),
    }});
    let guard = compiled(&acl(vec![block(statement)]));
    let verdict = get("/?a=1&q=%3Cscript%3Ealert(1)").verdict(&guard);
    assert!(verdict.is_block());
    assert_eq!(
        (verdict.matched[0].location, verdict.matched[0].field.as_deref()),
        ("ALL_QUERY_ARGS", Some("q"))
    );
    assert!(!get("/?q=%3Cb%3Ebold").verdict(&guard).is_block());
}
