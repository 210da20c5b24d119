//! Lambda authorizers of HTTP APIs: what the function is given in each payload format, what comes of its answer, and what is kept
//! of it.

use super::{
    http_api::{HttpApiWorld, echo, http_stage},
    lambda_proxy::uri,
    *,
};

const FUNCTION: &str = "arn:aws:lambda:us-east-1:000000000000:function:judge";
const ARN: &str = "arn:aws:execute-api:us-east-1:000000000000:abc123/$default/GET/pets/7";

fn world(function: Value, sources: &[&str]) -> World {
    let routes = ["GET /pets/{id}", "GET /dogs", "$default"];
    let routes =
        routes.map(|key| json!({"routeKey": key, "authorizationType": "CUSTOM", "authorizerId": "a1"}));
    HttpApiWorld::new(&routes, &["$default"], changes(function, sources)).world
}

fn changes(function: Value, sources: &[&str]) -> Value {
    let mut kind = json!({"authorizerUri": uri(FUNCTION), "payloadFormat": "2.0"});
    merge(&mut kind, function);
    json!({
        "authorizers": [{"authorizerId": "a1", "name": "judge", "identitySource": sources, "kind": {"REQUEST": kind}}],
        "stage": {"stageVariables": {"color": "blue"}},
        "requestParameters": {
            "overwrite:header.x-plan": "$context.authorizer.plan",
            "overwrite:header.x-principal": "$context.authorizer.principalId",
        },
    })
}

fn simple(ttl: u32) -> Value {
    json!({"enableSimpleResponses": true, "resultTtlSeconds": ttl})
}

const KEY_SOURCE: &[&str] = &["$request.header.X-Key"];

fn with_key(key: &str, target: &str) -> Request {
    request("GET", target, &[("x-key", key)])
}

fn policy(effect: &str, resource: &str) -> String {
    json!({
        "principalId": "ann",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}],
        },
        "context": {"plan": "gold"},
    })
    .to_string()
}

fn calls(world: &World) -> usize {
    world.functions.invoked.lock().unwrap().len()
}

#[test]
fn function_of_format_2_is_given_the_request_and_what_identifies_it() {
    let sources = [
        "$request.header.X-Key",
        "$request.querystring.q",
        "$stageVariables.color",
        "$context.routeKey",
    ];
    let world = world(simple(0), &sources).returning(r#"{"isAuthorized":true,"context":{"plan":"gold"}}"#);
    let request = request(
        "GET",
        "/pets/7?q=a&q=b",
        &[("X-KEY", "k"), ("cookie", "c=1; d=2")],
    );
    assert_eq!(world.send(request).status, 200);
    let event = world.event();
    assert_eq!(event["version"], "2.0");
    assert_eq!(event["type"], "REQUEST");
    assert_eq!(event["routeArn"], ARN);
    assert_eq!(
        event["identitySource"],
        json!(["k", "a,b", "blue", "GET /pets/{id}"])
    );
    assert_eq!(event["routeKey"], "GET /pets/{id}");
    assert_eq!(event["rawPath"], "/pets/7");
    assert_eq!(event["rawQueryString"], "q=a&q=b");
    assert_eq!(event["queryStringParameters"], json!({"q": "a,b"}));
    assert_eq!(event["headers"]["x-key"], "k");
    assert_eq!(event["cookies"], json!(["c=1", "d=2"]));
    assert_eq!(event["pathParameters"], json!({"id": "7"}));
    assert_eq!(event["stageVariables"], json!({"color": "blue"}));
    assert_eq!(event["requestContext"]["http"]["sourceIp"], "192.0.2.7");
    assert!(event.get("body").is_none() && event["requestContext"].get("authorizer").is_none());
    let invoked = world.functions.invoked.lock().unwrap();
    let call = invoked.first().unwrap();
    assert_eq!(
        (
            call.function_arn.as_ref(),
            call.source_arn.as_str(),
            call.timeout.as_millis()
        ),
        (
            FUNCTION,
            "arn:aws:execute-api:us-east-1:000000000000:abc123/authorizers/a1",
            10_000
        )
    );
}

#[test]
fn function_of_format_1_is_given_the_older_event() {
    let sources = ["$request.header.X-Key", "$request.querystring.q"];
    let world = world(json!({"payloadFormat": "1.0"}), &sources).returning(&policy("Allow", "*"));
    assert_eq!(world.send(with_key("k", "/pets/7?q=a&q=b")).status, 200);
    let event = world.event();
    let mut names: Vec<_> = event.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            "authorizationToken",
            "headers",
            "httpMethod",
            "identitySource",
            "methodArn",
            "path",
            "pathParameters",
            "queryStringParameters",
            "requestContext",
            "resource",
            "stageVariables",
            "type",
            "version"
        ]
    );
    for (place, value) in [
        ("/version", json!("1.0")),
        ("/type", json!("REQUEST")),
        ("/methodArn", json!(ARN)),
        ("/identitySource", json!("k,a,b")),
        ("/authorizationToken", json!("k,a,b")),
        ("/resource", json!("/pets/{id}")),
        ("/path", json!("/pets/7")),
        ("/headers/X-Key", json!("k")),
        ("/queryStringParameters", json!({"q": "b"})),
        ("/requestContext/identity", json!({"sourceIp": "192.0.2.7"})),
        ("/requestContext/stage", json!("$default")),
    ] {
        assert_eq!(event.pointer(place), Some(&value), "{place}");
    }
}

#[test]
fn missing_sources_are_unauthorized_and_the_function_is_not_asked() {
    let sources = ["$request.header.X-Key", "$request.querystring.q"];
    let world = world(simple(0), &sources).returning(r#"{"isAuthorized":true}"#);
    for (target, headers, reason) in [
        ("/dogs?q=1", vec![], "no header `X-Key`"),
        ("/dogs?q=1", vec![("x-key", "")], "no header `X-Key`"),
        ("/dogs", vec![("x-key", "k")], "no query parameter `q`"),
        ("/dogs?q=", vec![("x-key", "k")], "no query parameter `q`"),
        // Names of query parameters are told apart by case, those of headers are not.
        ("/dogs?Q=1", vec![("x-key", "k")], "no query parameter `q`"),
    ] {
        let refused = world.send(request("GET", target, &headers));
        refused.refused(401, "\"Unauthorized\"", "authorizer", reason);
        assert_eq!(refused.header("www-authenticate"), None);
    }
    assert_eq!(calls(&world), 0);
    assert_eq!(world.send(with_key("k", "/dogs?q=1")).status, 200);
}

#[test]
fn answers_become_statuses() {
    let admits = policy("Allow", ARN);
    for (function, returned, status, reason) in [
        (
            simple(0),
            r#"{"isAuthorized":true}"#,
            200,
            "its function authorizes it",
        ),
        (
            simple(0),
            r#"{"isAuthorized":false}"#,
            403,
            "does not authorize it",
        ),
        // Where simple answers are on, a policy is none, and the other way round; AWS does not say.
        (simple(0), admits.as_str(), 500, "`isAuthorized` is neither"),
        (json!({}), r#"{"isAuthorized":true}"#, 500, "`principalId`"),
        (simple(0), r#"{"isAuthorized":"true"}"#, 500, "`isAuthorized`"),
        (simple(0), "null", 500, "no JSON object"),
        (json!({}), admits.as_str(), 200, "allows it"),
        (json!({"payloadFormat": "1.0"}), admits.as_str(), 200, "allows it"),
        (
            json!({}),
            &policy("Allow", "arn:aws:execute-api:*:*:other/*"),
            403,
            "no statement speaks of it",
        ),
        (json!({}), &policy("Deny", "*"), 403, "denies it"),
    ] {
        let outcome = world(function, KEY_SOURCE)
            .returning(returned)
            .send(with_key("k", "/pets/7"));
        assert_eq!(outcome.status, status, "{returned}");
        assert!(
            outcome.step("authorizer").reason.contains(reason),
            "{returned}: {:?}",
            outcome.trail
        );
        match status {
            403 => assert_eq!(outcome.body, r#"{"message":"Forbidden"}"#),
            500 => assert_eq!(outcome.body, r#"{"message":"Internal Server Error"}"#),
            _ => {}
        }
    }
}

/// AWS tells of 500 for a function that fails; that the word `Unauthorized` means 401 is told of REST APIs alone and taken over.
#[test]
fn failures_of_the_function_refuse() {
    let failed = |world: World| world.send(with_key("k", "/pets/7"));
    failed(world(simple(0), KEY_SOURCE).failing(r#"{"errorMessage":"Unauthorized"}"#)).refused(
        401,
        "\"Unauthorized\"",
        "authorizer",
        "says `Unauthorized`",
    );
    for says in [
        FunctionFailure::NotFound("judge".into()),
        FunctionFailure::NotPermitted("no".into()),
        FunctionFailure::TimedOut,
        FunctionFailure::Throttled("busy".into()),
        FunctionFailure::Unreachable("gone".into()),
    ] {
        failed(world(simple(0), KEY_SOURCE).saying(Err(says))).refused(
            500,
            "\"Internal Server Error\"",
            "authorizer",
            "`judge`",
        );
    }
    failed(world(simple(0), KEY_SOURCE).failing(r#"{"errorMessage":"no database"}"#)).refused(
        500,
        "\"Internal Server Error\"",
        "authorizer",
        "no database",
    );
}

/// Unlike with REST APIs nothing is kept unless a time is set.
#[test]
fn result_is_kept_for_every_route_when_a_time_is_set() {
    let never = world(simple(0), KEY_SOURCE).returning(r#"{"isAuthorized":true}"#);
    never.send(with_key("k", "/dogs"));
    never.send(with_key("k", "/dogs"));
    assert_eq!(calls(&never), 2);
    let world_of = |sources: &[&str]| world(simple(60), sources).returning(r#"{"isAuthorized":true}"#);
    let kept = world_of(KEY_SOURCE);
    for target in ["/dogs", "/pets/7", "/other"] {
        assert_eq!(kept.send(with_key("k", target)).status, 200);
    }
    assert_eq!(calls(&kept), 1);
    kept.send(with_key("other", "/dogs"));
    assert_eq!(calls(&kept), 2);
    kept.clock.advance_seconds(60);
    kept.send(with_key("k", "/dogs"));
    assert_eq!(calls(&kept), 3);
    // The route's key among the sources keeps a result for each route.
    let apart = world_of(&["$request.header.X-Key", "$context.routeKey"]);
    for target in ["/dogs", "/pets/7", "/pets/8", "/dogs"] {
        apart.send(with_key("k", target));
    }
    assert_eq!(calls(&apart), 2);
}

#[test]
fn kept_policy_is_judged_for_the_route_that_is_called() {
    let world = world(json!({"resultTtlSeconds": 60}), KEY_SOURCE).returning(&policy("Allow", ARN));
    assert_eq!(world.send(with_key("k", "/pets/7")).status, 200);
    let other = world.send(with_key("k", "/dogs"));
    other.refused(403, "\"Forbidden\"", "authorizer", "from a result that was kept");
    assert_eq!(calls(&world), 1);
}

#[test]
fn kept_denial_is_kept_too() {
    let world = world(simple(60), KEY_SOURCE).returning(r#"{"isAuthorized":false}"#);
    for _ in 0..2 {
        assert_eq!(world.send(with_key("k", "/dogs")).status, 403);
    }
    assert_eq!(calls(&world), 1);
}

#[test]
fn what_could_not_work_is_refused_at_deployment() {
    let compiled = |function: Value, sources: &[&str]| {
        let routes = [json!({"routeKey": "GET /x", "authorizationType": "CUSTOM", "authorizerId": "a1"})];
        let problems = http_stage(&routes, "$default", echo(), changes(function, sources));
        format!("{:?}", problems.err().unwrap())
    };
    for (function, sources, said) in [
        (simple(60), vec![], "results are kept by identity"),
        (simple(3_601), KEY_SOURCE.to_vec(), "at most 3600 seconds"),
        (simple(0), vec!["$stageVariables.none"], "no such variable"),
        (
            simple(0),
            vec!["method.request.header.X"],
            "use `$request.header.NAME`",
        ),
        (
            json!({"authorizerUri": "https://judge.example"}),
            KEY_SOURCE.to_vec(),
            "names no function",
        ),
    ] {
        let problems = compiled(function, &sources);
        assert!(
            problems.contains("GET /x: authorizerId") && problems.contains(said),
            "{said}: {problems}"
        );
    }
}
