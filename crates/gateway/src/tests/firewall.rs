//! The firewall on the path of a request: what only it refuses, that it comes first, and what it leaves behind.

use indexmap::IndexMap;
use portcullis_firewall::{References, SampledBy};
use portcullis_model::resources::wafv2::{IpSet, RegexPatternSet, WebAcl};

use super::*;

const STAGE: &str = "arn:aws:apigateway:us-east-1::/restapis/abc123/stages/prod";
const ACL: &str = "arn:aws:wafv2:us-east-1:000000000000:regional/webacl/acl/1";
const SET: &str = "arn:aws:wafv2:us-east-1:000000000000:regional/ipset/set/1";

struct Sets(IpSet);

impl References for Sets {
    fn ip_set(&self, arn: &str) -> Option<&IpSet> {
        (arn == self.0.arn).then_some(&self.0)
    }

    fn regex_pattern_set(&self, _arn: &str) -> Option<&RegexPatternSet> {
        None
    }
}

pub(super) fn visibility(name: &str) -> Value {
    json!({"SampledRequestsEnabled": true, "CloudWatchMetricsEnabled": true, "MetricName": name})
}

fn rule(name: &str, priority: u32, statement: Value, action: Value) -> Value {
    json!({
        "Name": name, "Priority": priority, "Statement": statement, "Action": action,
        "VisibilityConfig": visibility(name),
    })
}

fn field_equals(field: Value, text: &str, constraint: &str) -> Value {
    use base64::{Engine, engine::general_purpose::STANDARD};
    json!({"ByteMatchStatement": {
        "FieldToMatch": field, "SearchString": STANDARD.encode(text), "PositionalConstraint": constraint,
        "TextTransformations": [{"Priority": 0, "Type": "NONE"}],
    }})
}

fn web_acl(default: Value, rules: Value, more: Value, addresses: &[&str]) -> WebAclSnapshot {
    let mut record = json!({
        "Name": "acl", "Id": "1", "ARN": ACL, "Scope": "REGIONAL",
        "DefaultAction": default, "Rules": rules, "VisibilityConfig": visibility("acl"),
    });
    merge(&mut record, more);
    let record: WebAcl = serde_json::from_value(record).unwrap();
    let sets = Sets(
        serde_json::from_value(json!({
            "Name": "set", "Id": "1", "ARN": SET, "Scope": "REGIONAL", "IPAddressVersion": "IPV4",
            "Addresses": addresses,
        }))
        .unwrap(),
    );
    WebAclSnapshot::compile(&record, &sets).unwrap()
}

fn sqli() -> Value {
    json!([{
        "Name": "sqli", "Priority": 0, "OverrideAction": {"None": {}}, "VisibilityConfig": visibility("sqli"),
        "Statement": {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesSQLiRuleSet"}},
    }])
}

fn guarded_with(image: Value, stage: Value, web_acl: WebAclSnapshot) -> World {
    let world = World::with(image, stage);
    world
        .snapshots
        .change(|snapshot| snapshot.with_web_acl(web_acl).with_association(STAGE, ACL));
    world
}

fn guarded(web_acl: WebAclSnapshot) -> World {
    let methods =
        json!({"ANY": open(mock("$context.wafResponseCode $context.webaclArn $context.waf.status"))});
    guarded_with(
        json!({"resources": [resource("/pets", methods)]}),
        json!({}),
        web_acl,
    )
}

fn allowing(rules: Value) -> World {
    guarded(web_acl(json!({"Allow": {}}), rules, json!({}), &[]))
}

#[test]
fn sql_injection_passes_without_the_managed_group_and_not_with_it() {
    let target = "/prod/pets?id=1%20or%201=1";
    assert_eq!(allowing(json!([])).get(target).status, 200);
    let outcome = allowing(sqli()).get(target);
    outcome.refused(
        403,
        "\"Forbidden\"",
        "firewall",
        "rule `sqli/SQLi_QUERYARGUMENTS` blocks",
    );
    assert_eq!(outcome.header("x-amzn-errortype"), Some("ForbiddenException"));
    let (_, _, reason) = outcome.last();
    assert!(reason.contains("SQL_INJECTION"), "{reason}");
    assert!(
        reason.contains("awswaf:managed:aws:sql-database:SQLi_QueryArguments"),
        "{reason}"
    );
}

#[test]
fn admitted_request_says_so_in_its_trail_and_in_the_context() {
    let outcome = allowing(sqli()).get("/prod/pets?id=1");
    assert_eq!(outcome.status, 200);
    assert_eq!(outcome.body, format!("WAF_ALLOW {ACL} 200"));
    let step = outcome.step("firewall");
    assert_eq!((&*step.layer, step.outcome), ("firewall", Outcome::Continue));
    assert_eq!(step.reason, "web ACL `acl`: the default action allows");
}

#[test]
fn blocked_request_to_a_path_that_is_not_there_is_filtered_not_missing_a_token() {
    let world = allowing(sqli());
    world
        .get("/prod/nowhere?id=1%20or%201=1")
        .refused(403, "\"Forbidden\"", "firewall", "SQLi");
    world
        .get("/prod/nowhere?id=1")
        .refused(403, "\"Missing Authentication Token\"", "route", "nowhere");
}

#[test]
fn stage_whose_web_acl_cannot_be_found_refuses_everything() {
    let world = allowing(json!([]));
    world
        .snapshots
        .change(|snapshot| snapshot.without_web_acls(|arn| arn == ACL));
    let outcome = world.get("/prod/pets");
    outcome.refused(500, "\"Internal server error\"", "firewall", "cannot be found");
    world
        .snapshots
        .change(|snapshot| snapshot.without_association(STAGE));
    assert_eq!(world.get("/prod/pets").status, 200);
}

#[test]
fn custom_response_comes_before_the_gateway_response() {
    let rules = json!([rule(
        "teapot",
        0,
        field_equals(json!({"UriPath": {}}), "/prod/pets", "EXACTLY"),
        json!({"Block": {"CustomResponse": {
            "ResponseCode": 418, "CustomResponseBodyKey": "page",
            "ResponseHeaders": [{"Name": "x-why", "Value": "tea"}],
        }}}),
    )]);
    let bodies =
        json!({"CustomResponseBodies": {"page": {"ContentType": "TEXT_HTML", "Content": "<p>tea</p>"}}});
    let acl = web_acl(json!({"Allow": {}}), rules, bodies, &[]);
    let image = json!({
        "resources": [resource("/pets", json!({"GET": open(mock("fine"))}))],
        "gatewayResponses": [{"responseType": "WAF_FILTERED", "statusCode": "404"}],
    });
    let world = guarded_with(image, json!({}), acl);
    let outcome = world.get("/prod/pets");
    assert_eq!((outcome.status, outcome.body.as_str()), (418, "<p>tea</p>"));
    assert_eq!(outcome.header("content-type"), Some("text/html"));
    assert_eq!(outcome.header("x-why"), Some("tea"));
    assert_eq!(outcome.header("x-amzn-errortype"), None);
    assert_eq!(
        outcome.last(),
        ("firewall", Outcome::Refuse, "web ACL `acl`: rule `teapot` blocks")
    );
}

#[test]
fn gateway_response_shapes_a_block_without_a_response_of_its_own() {
    let image = json!({
        "resources": [],
        "gatewayResponses": [{
            "responseType": "WAF_FILTERED", "statusCode": "404",
            "responseTemplates": {"application/json": "{\"acl\":\"$context.webaclArn\",\"code\":\"$context.wafResponseCode\"}"},
        }],
    });
    let world = guarded_with(
        image,
        json!({}),
        web_acl(json!({"Block": {}}), json!([]), json!({}), &[]),
    );
    let outcome = world.get("/prod/x");
    assert_eq!(outcome.status, 404);
    assert_eq!(
        outcome.body,
        format!("{{\"acl\":\"{ACL}\",\"code\":\"WAF_BLOCK\"}}")
    );
    assert_eq!(outcome.last().2, "web ACL `acl`: the default action blocks");
}

#[test]
fn body_is_inspected_as_far_as_the_web_acl_asks_and_passes_whole() {
    let rules = |oversize: &str| {
        json!([rule(
            "body",
            0,
            field_equals(
                json!({"Body": {"OversizeHandling": oversize}}),
                "attack",
                "CONTAINS"
            ),
            json!({"Block": {}}),
        )])
    };
    let post = |world: &World, body: Vec<u8>| world.send(with_body(request("POST", "/prod/pets", &[]), body));
    let world = allowing(rules("CONTINUE"));
    let at = |place: usize, length: usize| {
        let mut body = vec![b'.'; length];
        body[place..place + 6].copy_from_slice(b"attack");
        body
    };
    assert_eq!(post(&world, at(0, 6)).status, 403);
    assert_eq!(post(&world, at(16 * 1024 - 6, 20_000)).status, 403);
    assert_eq!(
        post(&world, at(16 * 1024, 20_000)).status,
        200,
        "beyond what is inspected"
    );
    // Exactly as long as the inspected part is no oversize; one byte more is.
    let world = allowing(rules("MATCH"));
    assert_eq!(post(&world, vec![b'.'; 16 * 1024]).status, 200);
    assert_eq!(post(&world, vec![b'.'; 16 * 1024 + 1]).status, 403);
    // Without a declared length too.
    let streamed = |length: usize| {
        let mut request = request("POST", "/prod/pets", &[]);
        let chunks = [Bytes::from(vec![b'.'; length])].into();
        request.body = Body::Replay(chunks, Box::new(Body::Empty));
        world.send(request).status
    };
    assert_eq!((streamed(16 * 1024), streamed(16 * 1024 + 1)), (200, 403));
}

#[test]
fn inserted_headers_reach_the_integration_and_the_clients_own_do_not() {
    let rules = json!([
        rule(
            "suspect",
            0,
            field_equals(json!({"SingleHeader": {"Name": "x-test"}}), "yes", "EXACTLY"),
            json!({"Count": {"CustomRequestHandling": {"InsertHeaders": [{"Name": "suspect", "Value": "very"}]}}}),
        ),
        rule(
            "forger",
            1,
            field_equals(
                json!({"SingleHeader": {"Name": "x-amzn-waf-forged"}}),
                "1",
                "EXACTLY"
            ),
            json!({"Count": {}}),
        ),
    ]);
    let integration = mock(
        "$input.params().header.get('x-amzn-waf-suspect')/$input.params().header.get('X-Amzn-Waf-Forged')",
    );
    let world = guarded_with(
        json!({"resources": [resource("/pets", json!({"GET": open(integration)}))]}),
        json!({}),
        web_acl(json!({"Allow": {}}), rules, json!({}), &[]),
    );
    let outcome = world.send(request(
        "GET",
        "/prod/pets",
        &[
            ("x-test", "yes"),
            ("X-Amzn-Waf-Suspect", "no"),
            ("X-Amzn-Waf-Forged", "1"),
        ],
    ));
    assert_eq!((outcome.status, outcome.body.as_str()), (200, "very/"));
    assert_eq!(
        outcome.step("firewall").reason,
        "web ACL `acl`: the default action allows; counted: suspect, forger"
    );
    let outcome = world.send(request("GET", "/prod/pets", &[("X-Amzn-Waf-Suspect", "no")]));
    assert_eq!(outcome.body, "/");
}

#[test]
fn changed_ip_set_takes_effect_when_the_web_acl_is_compiled_again() {
    let acl = |addresses: &[&str]| {
        let rules = json!([rule(
            "known",
            0,
            json!({"IPSetReferenceStatement": {"ARN": SET}}),
            json!({"Block": {}})
        )]);
        web_acl(json!({"Allow": {}}), rules, json!({}), addresses)
    };
    let world = guarded(acl(&["198.51.100.0/24"]));
    assert_eq!(world.get("/prod/pets").status, 200);
    world
        .snapshots
        .change(|snapshot| snapshot.with_web_acl(acl(&["192.0.2.0/24"])));
    world
        .get("/prod/pets")
        .refused(403, "\"Forbidden\"", "firewall", "rule `known` blocks");
}

#[test]
fn rates_are_counted_by_all_workers_together() {
    let rules = json!([rule(
        "fast",
        0,
        json!({"RateBasedStatement": {"Limit": 10, "EvaluationWindowSec": 60, "AggregateKeyType": "IP"}}),
        json!({"Block": {}}),
    )]);
    let world = allowing(rules);
    let other = Gateway::new(world.gateway_parts());
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for turn in 0..10 {
        let asked = request("GET", "/prod/pets", &[]);
        let status = if turn % 2 == 0 {
            world.send(asked).status
        } else {
            runtime.block_on(other.handle(asked)).status
        };
        assert_eq!(status, 200, "{turn}");
    }
    world
        .get("/prod/pets")
        .refused(403, "\"Forbidden\"", "firewall", "rule `fast` blocks");
    assert_eq!(
        runtime
            .block_on(other.handle(request("GET", "/prod/pets", &[])))
            .status,
        403
    );
}

#[test]
fn observed_firewall_records_and_lets_on() {
    let image = json!({"resources": [resource("/pets", json!({"GET": open(mock("fine"))}))]});
    let stage = json!({"tags": {"portcullis:observe": "firewall"}});
    let world = guarded_with(
        image,
        stage,
        web_acl(json!({"Block": {}}), json!([]), json!({}), &[]),
    );
    let outcome = world.get("/prod/pets");
    assert_eq!(outcome.status, 200);
    let step = outcome.step("firewall");
    assert_eq!((&*step.layer, step.outcome), ("firewall", Outcome::ObserveRefuse));
}

#[test]
fn host_is_inspected_whatever_the_version_of_the_protocol() {
    let world = allowing(json!([rule(
        "host",
        0,
        field_equals(json!({"SingleHeader": {"Name": "host"}}), HOST, "EXACTLY"),
        json!({"Block": {}}),
    )]));
    let mut modern = request("GET", "/prod/pets", &[]);
    modern.version = Version::Http2;
    assert_eq!(world.send(modern).status, 403);
}

#[test]
fn samples_say_which_rule_saw_what_and_keep_credentials_out() {
    let world = allowing(sqli());
    world.send(request(
        "GET",
        "/prod/pets?id=1%20or%201=1",
        &[("Authorization", "Bearer s3cret"), ("X-Thing", "seen")],
    ));
    world.get("/prod/pets?id=1");
    let now = Timestamp::from_seconds(NOW);
    let window = (
        Timestamp::from_seconds(NOW - 60),
        Timestamp::from_seconds(NOW + 60),
    );
    let samples = world.firewall.samples();
    let (population, found) = samples.find(ACL, Some(&SampledBy::Rule("sqli".into())), window, now, 10);
    assert_eq!((population, found.len()), (1, 1));
    let sample = &found[0];
    assert_eq!(
        (sample.action, sample.uri.as_str(), sample.method.as_str()),
        ("BLOCK", "/prod/pets", "GET")
    );
    assert_eq!(sample.group_rule.as_deref(), Some("SQLi_QUERYARGUMENTS"));
    let headers: IndexMap<_, _> = sample.headers.iter().cloned().collect();
    assert_eq!(headers["X-Thing"], "seen");
    assert_eq!(headers["Authorization"], "REDACTED");
    let (population, found) = samples.find(ACL, Some(&SampledBy::DefaultAction), window, now, 10);
    assert_eq!((population, found[0].action), (1, "ALLOW"));
    assert_eq!(samples.find(ACL, None, window, now, 10).0, 2);
    assert_eq!(samples.find("another", None, window, now, 10).0, 0);
    let before = (Timestamp::from_seconds(0), Timestamp::from_seconds(NOW - 120));
    assert_eq!(samples.find(ACL, None, before, now, 10), (0, Vec::new()));
}

#[test]
fn samples_are_bounded_and_the_rest_is_counted() {
    let world = allowing(json!([]));
    let window = (Timestamp::from_seconds(NOW), Timestamp::from_seconds(NOW + 60));
    for _ in 0..40 {
        world.get("/prod/pets");
    }
    let (population, found) =
        world
            .firewall
            .samples()
            .find(ACL, None, window, Timestamp::from_seconds(NOW), 500);
    assert_eq!((population, found.len()), (40, 16));
}

#[test]
fn bytes_that_are_no_text_are_judged_like_all_others() {
    let world = allowing(sqli());
    for target in [
        b"/prod/pets?id=\xff' or 1=1 -- ".as_slice(),
        b"/prod/p\xc3ts?x=\x80&id=1%20or%201=1",
    ] {
        let mut strange = request("GET", "/", &[]);
        strange.target = Bytes::copy_from_slice(target).into();
        strange.method = Bytes::from_static(b"G\xffT");
        assert_eq!(world.send(strange).status, 403, "{target:?}");
    }
    let mut noise = 1_u64;
    for _ in 0..500 {
        let mut bytes = b"/prod/".to_vec();
        for _ in 0..40 {
            noise = noise
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            bytes.push((noise >> 33) as u8);
        }
        let mut strange = with_body(request("POST", "/", &[]), bytes.clone());
        strange.target = bytes.into();
        assert!([200, 403].contains(&world.send(strange).status));
    }
}
