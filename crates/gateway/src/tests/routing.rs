//! Stage, resource and method: rows 0, 1 and 3 of AWS's order of evaluation.

use super::*;

fn api() -> Value {
    json!({"resources": [
        resource("/", json!({"GET": open(mock("root"))})),
        resource("/pets", json!({"GET": open(mock("list")), "ANY": open(mock("any $context.httpMethod"))})),
        resource("/pets/{id}", json!({"GET": open(mock("pet $input.params('id')"))})),
        resource("/files/{proxy+}", json!({"ANY": open(mock("file $input.params('proxy')"))})),
        resource("/empty", json!({})),
    ]})
}

#[test]
fn requests_reach_their_method() {
    let world = World::serving(api());
    for (method, target, body) in [
        ("GET", "/prod", "root"),
        ("GET", "/prod/", "root"),
        ("GET", "/prod/pets", "list"),
        ("GET", "/prod/pets/?x=1", "list"),
        ("DELETE", "/prod/pets", "any DELETE"),
        ("PROPFIND", "/prod/pets", "any PROPFIND"),
        ("GET", "/prod/pets/7", "pet 7"),
        ("PUT", "/prod/files/a/b%2Fc/", "file a/b%2Fc"),
    ] {
        let outcome = world.send(request(method, target, &[]));
        assert_eq!(
            (outcome.status, outcome.body.as_str()),
            (200, body),
            "{method} {target}"
        );
        assert_eq!(outcome.header("content-type"), Some("application/json"));
        assert!(outcome.header("x-amz-apigw-id").unwrap().ends_with('='));
        assert_eq!(outcome.header("x-amzn-errortype"), None);
    }
}

/// A backend behind the greedy parameter may read these paths as the one that is a method of its own, with its own guards.
#[test]
fn no_spelling_of_a_path_leads_around_its_method() {
    let world = World::serving(json!({"resources": [
        resource("/admin", json!({"GET": open(mock("admin"))})),
        resource("/{proxy+}", json!({"GET": open(mock("anything"))})),
    ]}));
    assert_eq!(world.get("/prod/admin").body, "admin");
    for target in [
        "/prod/x/../admin",
        "/prod/%61dmin",
        "/prod/x/..//admin",
        "/prod/x/%2e%2E/admin",
        "/prod/.%5Cadmin",
    ] {
        let outcome = world.get(target);
        let (layer, _, cause) = outcome.last();
        assert_eq!((outcome.status, layer), (403, "route"), "{target}");
        assert!(cause.contains("once normalised"), "{cause}");
    }
    for target in ["/prod/x//y", "/prod/x/../y", "/prod/a%20b"] {
        assert_eq!(world.get(target).body, "anything", "{target}");
    }
}

#[test]
fn trail_names_every_layer_in_order() {
    let world = World::serving(api());
    let outcome = world.get("/prod/pets?secret=1");
    let steps: Vec<_> = outcome
        .trail
        .steps
        .iter()
        .map(|step| (step.layer.as_ref(), step.reason.as_ref()))
        .collect();
    assert_eq!(
        steps,
        [
            ("firewall", "no web ACL"),
            ("route", "GET /pets"),
            ("authorizer", "authorization type NONE"),
            ("usage-plan", "no API key is required"),
            ("validation", "no request validator"),
            ("mapping", "request template rendered"),
            ("integration", "mock"),
            ("response", "integration response `200`"),
        ]
    );
    let trail = &outcome.trail;
    assert_eq!(
        (trail.method.as_str(), trail.path.as_str(), trail.host.as_str()),
        ("GET", "/prod/pets", HOST)
    );
    assert_eq!(
        (trail.source.as_str(), trail.listener.as_ref()),
        ("192.0.2.7", "public")
    );
    assert_eq!(trail.started, Timestamp::from_seconds(NOW));
    assert_eq!(world.trails.find(trail.request_id.as_str()).as_ref(), Some(trail));
}

#[test]
fn unknown_stage_and_api_are_forbidden() {
    let world = World::serving(api());
    for target in ["/dev/pets", "/", "/Prod/pets", "/pr%6fd/pets"] {
        let outcome = world.get(target);
        outcome.refused(403, "\"Forbidden\"", "route", "has no stage");
        assert_eq!(outcome.header("x-amzn-errortype"), Some("ForbiddenException"));
    }
    let host = HOST.replace("abc123", "zzz999");
    let outcome = world.send(request_to(&host, "GET", "/prod/pets", &[]));
    outcome.refused(403, "\"Forbidden\"", "route", "API `zzz999` does not exist");
}

#[test]
fn unknown_path_and_method_miss_a_token() {
    let world = World::serving(api());
    for (method, target, reason) in [
        ("GET", "/prod/none", "no resource matches `/none`"),
        ("GET", "/prod/pets/7/toys", "no resource matches"),
        ("GET", "/prod/files", "no resource matches"),
        ("GET", "/prod/empty", "no resource matches"),
        ("GET", "/prod//pets", "no resource matches"),
        (
            "POST",
            "/prod/pets/7",
            "resource `/pets/{id}` has no method `POST`",
        ),
        ("get", "/prod/pets/7", "has no method `get`"),
    ] {
        let outcome = world.send(request(method, target, &[]));
        outcome.refused(403, "\"Missing Authentication Token\"", "route", reason);
        assert_eq!(
            outcome.header("x-amzn-errortype"),
            Some("MissingAuthenticationTokenException")
        );
    }
}

#[test]
fn resource_owns_its_path_even_where_a_greedy_one_would_take_the_method() {
    let world = World::serving(json!({"resources": [
        resource("/pets", json!({"GET": open(mock("list"))})),
        resource("/{proxy+}", json!({"ANY": open(mock("proxy"))})),
    ]}));
    assert_eq!(world.send(request("POST", "/prod/pets", &[])).status, 403);
    assert_eq!(world.send(request("POST", "/prod/other", &[])).body, "proxy");
}

#[test]
fn disabled_endpoint_is_forbidden() {
    let mut image = api();
    image["restApi"] = json!({"disableExecuteApiEndpoint": true});
    let world = World::serving(image);
    world
        .get("/prod/pets")
        .refused(403, "\"Forbidden\"", "route", "disabled its execute-api endpoint");
    let by_path = request_to("localhost:1", "GET", "/_aws/execute-api/abc123/prod/pets", &[]);
    assert_eq!(world.send(by_path).status, 403);
}

#[test]
fn declared_body_over_the_limit_is_too_large_before_the_route_is_asked() {
    let world = World::serving(api());
    let body = vec![b'x'; 10_485_761];
    let outcome = world.send(with_body(request("POST", "/prod/none", &[]), body));
    outcome.refused(
        413,
        "\"HTTP content length exceeded 10485760 bytes\"",
        "route",
        "10485761 bytes",
    );
}

#[test]
fn stages_and_apis_come_and_go() {
    let world = World::serving(api());
    assert_eq!(world.get("/prod/pets").status, 200);
    world
        .snapshots
        .change(|snapshot| snapshot.without_stage(&"abc123".into(), &"prod".into()));
    assert_eq!(world.get("/prod/pets").status, 403);
    let stage = compile(api(), json!({"stageName": "v2"})).unwrap();
    world.snapshots.change(|snapshot| snapshot.with_stage(stage));
    assert_eq!(world.get("/v2/pets").status, 200);
    world
        .snapshots
        .change(|snapshot| snapshot.without_api(&"abc123".into()));
    assert_eq!(world.get("/v2/pets").status, 403);
}
