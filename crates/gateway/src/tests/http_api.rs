//! HTTP APIs: routes, stages, refusals, JWT authorizers and CORS. Where AWS does not say how a request is answered, the
//! test does.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use portcullis_model::resources::apigatewayv2::{HttpDeployment, HttpStage};

use super::*;
use crate::snapshot::compile_http_stage;

/// Answers every request with its own first line.
pub(super) fn echo() -> SocketAddr {
    serve(|head| {
        let line = head.lines().next().unwrap_or_default().to_owned();
        ("200 OK", line)
    })
}

/// Answers every request as `answer` says of its head, each on its own connection.
fn serve(answer: impl Fn(&str) -> (&'static str, String) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut read = Vec::new();
            let mut buffer = [0u8; 8_192];
            while !read.windows(4).any(|end| end == b"\r\n\r\n") {
                match stream.read(&mut buffer) {
                    Ok(0) | Err(_) => break,
                    Ok(length) => read.extend_from_slice(&buffer[..length]),
                }
            }
            let (status, body) = answer(&String::from_utf8_lossy(&read));
            let length = body.len();
            let head = format!(
                "HTTP/1.1 {status}\r\nContent-Length: {length}\r\nConnection: close\r\n\
                 Access-Control-Allow-Origin: https://backend.example\r\n\r\n"
            );
            let _closed = stream.write_all(format!("{head}{body}").as_bytes());
        }
    });
    address
}

pub(super) struct HttpApiWorld {
    pub(super) world: World,
}

impl HttpApiWorld {
    /// Serves routes, each to a backend that says what it was asked, under the stages named.
    pub(super) fn new(routes: &[Value], stages: &[&str], changes: Value) -> Self {
        let world = World::empty(GatewaySettings::default()).with_pool(pool(POOL, "kid1", &KEY));
        let backend = echo();
        for stage in stages {
            let compiled = http_stage(routes, stage, backend, changes.clone())
                .unwrap_or_else(|problems| panic!("{problems:?}"));
            world.snapshots.change(|snapshot| snapshot.with_stage(compiled));
        }
        Self { world }
    }
}

pub(super) fn http_stage(
    routes: &[Value],
    stage: &str,
    backend: SocketAddr,
    changes: Value,
) -> Result<StageSnapshot, Vec<Problem>> {
    let mut api = json!({
        "apiId": "abc123", "name": "api", "createdDate": 0,
        "routeSelectionExpression": "$request.method $request.path",
    });
    merge(&mut api, changes.get("api").cloned().unwrap_or_default());
    let routes: Vec<Value> = routes
        .iter()
        .enumerate()
        .map(|(index, route)| {
            let mut record = json!({"routeId": format!("r{index}"), "target": "integrations/i1"});
            match route {
                Value::String(key) => record["routeKey"] = key.clone().into(),
                other => merge(&mut record, other.clone()),
            }
            record
        })
        .collect();
    let integration = |id: &str, uri: String| {
        json!({
            "integrationId": id, "integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
            "integrationUri": uri, "payloadFormatVersion": "1.0", "timeoutInMillis": 30_000,
            "requestParameters": changes.get("requestParameters").cloned().unwrap_or_else(|| json!({})),
        })
    };
    let deployment: HttpDeployment = serde_json::from_value(json!({
        "deploymentId": "dep1", "apiId": "abc123", "createdDate": 0, "autoDeployed": false,
        "image": {
            "api": api,
            "routes": routes,
            "integrations": [
                integration("i1", format!("http://{backend}/fixed")),
                integration("i2", format!("http://{backend}/all/{{proxy}}")),
            ],
            "authorizers": changes.get("authorizers").cloned().unwrap_or_else(|| json!([])),
        },
    }))
    .unwrap();
    let mut record = json!({
        "apiId": "abc123", "stageName": stage, "deploymentId": "dep1", "createdDate": 0, "lastUpdatedDate": 0,
    });
    merge(&mut record, changes.get("stage").cloned().unwrap_or_default());
    let stage: HttpStage = serde_json::from_value(record).unwrap();
    compile_http_stage(&stage, &deployment, &scope())
}

/// The route that took a request, by the trail.
fn route_of(outcome: &Outcomes) -> &str {
    let step = outcome.trail.steps.iter().find(|step| step.layer == "route");
    step.map_or("none", |step| &step.reason)
}

#[test]
fn full_match_comes_before_greedy_before_default() {
    let routes = [
        json!("GET /pets/dog/1"),
        json!("GET /pets/dog/{id}"),
        json!({"routeKey": "GET /pets/{proxy+}", "target": "integrations/i2"}),
        json!({"routeKey": "ANY /{proxy+}", "target": "integrations/i2"}),
        json!("POST /only"),
        json!("ANY /any"),
        json!("DELETE /any"),
        json!("$default"),
    ];
    let HttpApiWorld { world } = HttpApiWorld::new(&routes, &["$default"], json!({}));
    for (method, path, route) in [
        ("GET", "/pets/dog/1", "GET /pets/dog/1"),
        ("GET", "/pets/dog/2", "GET /pets/dog/{id}"),
        ("GET", "/pets/dog/2/", "GET /pets/dog/{id}"),
        ("GET", "/pets/cat/1", "GET /pets/{proxy+}"),
        // A path that is there for another method is no obstacle, unlike with a REST API.
        ("POST", "/pets/dog/1", "ANY /{proxy+}"),
        ("GET", "/only", "ANY /{proxy+}"),
        ("POST", "/only", "POST /only"),
        ("GET", "/any", "ANY /any"),
        ("DELETE", "/any", "DELETE /any"),
        ("POST", "/test/5", "ANY /{proxy+}"),
        ("PURGE", "/test", "ANY /{proxy+}"),
        ("GET", "/", "$default"),
        ("GET", "", "$default"),
        // AWS's own name for the stage is no segment.
        ("GET", "/$default/pets", "ANY /{proxy+}"),
    ] {
        let outcome = world.send(request(method, path, &[]));
        assert_eq!(
            (outcome.status, route_of(&outcome)),
            (200, route),
            "{method} {path}"
        );
    }
    let outcome = world.get("/pets/cat/1?x=2");
    assert_eq!(outcome.body, "GET /all/cat/1?x=2 HTTP/1.1");
    assert_eq!(world.get("/pets/dog/1").body, "GET /fixed HTTP/1.1");
}

#[test]
fn what_no_route_takes_is_not_found() {
    let HttpApiWorld { world } = HttpApiWorld::new(&[json!("GET /pets")], &["$default"], json!({}));
    for (method, path) in [
        ("GET", "/"),
        ("POST", "/pets"),
        ("GET", "/pets/1"),
        ("HEAD", "/pets"),
    ] {
        let outcome = world.send(request(method, path, &[]));
        outcome.refused(404, "\"Not Found\"", "route", "no route");
        assert_eq!(outcome.header("content-type"), Some("application/json"));
        assert!(outcome.header("apigw-requestid").is_some());
        assert_eq!(outcome.header("x-amzn-requestid"), None);
        assert_eq!(outcome.header("x-amzn-errortype"), None);
    }
}

#[test]
fn stage_is_the_first_segment_or_the_default() {
    let routes = [json!("GET /pets")];
    let HttpApiWorld { world } = HttpApiWorld::new(&routes, &["$default", "dev"], json!({}));
    assert_eq!(world.get("/pets").status, 200);
    assert_eq!(world.get("/dev/pets").status, 200);
    world
        .get("/test/pets")
        .refused(404, "\"Not Found\"", "route", "no route");
    let path_form = request_to("localhost", "GET", "/_aws/execute-api/abc123/pets", &[]);
    assert_eq!(world.send(path_form).status, 200);
    let HttpApiWorld { world } = HttpApiWorld::new(&routes, &["dev"], json!({}));
    assert_eq!(world.get("/dev/pets").status, 200);
    for path in ["/pets", "/", "/$default/pets"] {
        world
            .get(path)
            .refused(404, "\"Not Found\"", "route", "has no stage");
    }
    let off = json!({"api": {"disableExecuteApiEndpoint": true}});
    let HttpApiWorld { world } = HttpApiWorld::new(&routes, &["$default"], off);
    world
        .get("/pets")
        .refused(404, "\"Not Found\"", "route", "disabled");
}

/// AWS passes such a path to whatever route it fits as it stands. A backend may read it as another path, so that a token
/// would never be asked for: here it is not found.
#[test]
fn path_that_could_be_another_routes_does_not_slip_past_it() {
    let routes = [
        json!("GET /admin"),
        json!("GET /users/me"),
        json!("GET /users/{id}"),
        json!({"routeKey": "ANY /files/{proxy+}", "target": "integrations/i2"}),
        json!("$default"),
    ];
    let HttpApiWorld { world } = HttpApiWorld::new(&routes, &["$default"], json!({}));
    for path in [
        "/%61dmin",
        "//admin",
        "/./admin",
        "/x/../admin",
        "/x/%2e%2e/admin",
        "/x\\..\\admin",
        "/users/%6de",
        "/files/../admin",
        "/files//..//admin",
    ] {
        world
            .get(path)
            .refused(404, "\"Not Found\"", "route", "once normalised");
    }
    for (path, route) in [
        ("/files/a//b", "ANY /files/{proxy+}"),
        ("/files/%7Euser", "ANY /files/{proxy+}"),
        ("/users/a%2Fb", "GET /users/{id}"),
        ("/users/%6dx", "GET /users/{id}"),
        ("/x//y", "$default"),
    ] {
        let outcome = world.get(path);
        assert_eq!((outcome.status, route_of(&outcome)), (200, route), "{path}");
    }
}

/// Returns what a backend was sent for a request to a route of an API with these parameters mapped.
#[allow(clippy::result_large_err, reason = "made once a test")]
fn mapped(parameters: Value, request: Request) -> Result<String, Outcomes> {
    let world = World::empty(GatewaySettings::default()).with_pool(pool(POOL, "kid1", &KEY));
    let backend = serve(|head| ("200 OK", head.to_owned()));
    let routes = [json!({"routeKey": "GET /pets/{id}", "target": "integrations/i1",
        "authorizationType": "JWT", "authorizerId": "auth1"})];
    let changes = json!({"requestParameters": parameters, "authorizers": [{
        "authorizerId": "auth1", "name": "users", "identitySource": ["$request.header.Authorization"],
        "kind": {"JWT": {"issuer": issuer(POOL), "audience": ["client1"]}},
    }]});
    let stage =
        http_stage(&routes, "$default", backend, changes).unwrap_or_else(|problems| panic!("{problems:?}"));
    world.snapshots.change(|snapshot| snapshot.with_stage(stage));
    let outcome = world.send(request);
    if outcome.status == 200 {
        Ok(outcome.body)
    } else {
        Err(outcome)
    }
}

fn of_ann(target: &str, headers: &[(&'static str, &str)]) -> Request {
    let claims = json!({"sub": "ann", "iss": issuer(POOL), "aud": "client1", "token_use": "id", "iat": NOW - 1,
        "exp": NOW + 60, "cognito:groups": ["a", "b"]});
    let token = KEY.sign_jwt("kid1", &claims).unwrap();
    let mut request = request("GET", target, headers);
    request.headers.push("Authorization", token);
    request
}

#[test]
fn parameters_are_mapped_and_a_caller_cannot_speak_in_their_place() {
    let sent = mapped(
        json!({
            "overwrite:header.x-user": "$context.authorizer.claims.sub",
            "overwrite:header.x-groups": "$context.authorizer.claims.cognito:groups",
            "overwrite:header.x-role": "$context.authorizer.claims.role",
            "overwrite:header.x-text": "pet ${request.path.id} of ${context.routeKey}",
            "append:header.x-many": "$request.querystring.q",
            "remove:header.x-gone": "''",
            "overwrite:querystring.id": "$request.path.id",
            "append:querystring.q": "three",
            "remove:querystring.secret": "",
            "overwrite:path": "/v2/${request.path.id}/x",
        }),
        of_ann(
            "/pets/a%20b?q=one&secret=1&q=two&id=9",
            &[
                ("X-User", "root"),
                ("x-role", "admin"),
                ("X-Many", "zero"),
                ("X-Gone", "1"),
            ],
        ),
    )
    .unwrap();
    let mut lines = sent.lines();
    assert_eq!(
        lines.next(),
        Some("GET /v2/a%20b/x?q=one&q=two&q=three&id=a%20b HTTP/1.1")
    );
    let lines: Vec<String> = lines.map(str::to_ascii_lowercase).collect();
    for line in [
        "x-user: ann",
        "x-groups: [a b]",
        "x-text: pet a b of get /pets/{id}",
        "x-many: zero",
        "x-many: one,two",
    ] {
        assert_eq!(
            lines.iter().filter(|found| *found == line).count(),
            1,
            "{line}: {lines:?}"
        );
    }
    assert!(
        !lines
            .iter()
            .any(|line| line.starts_with("x-role") || line.starts_with("x-gone") || line.contains("root"))
    );
}

#[test]
fn mapped_values_cannot_split_headers_or_leave_the_path() {
    let outcome = mapped(
        json!({"overwrite:header.x-a": "$request.path.id"}),
        of_ann("/pets/a%0d%0ab", &[]),
    );
    outcome
        .unwrap_err()
        .refused(400, "\"Bad Request\"", "mapping", "control character");
    let outcome = mapped(
        json!({"overwrite:path": "/v2/${request.querystring.q}"}),
        of_ann("/pets/a?q=..", &[]),
    );
    outcome
        .unwrap_err()
        .refused(400, "\"Bad Request\"", "mapping", "segment");
    let outcome = mapped(
        json!({"overwrite:path": "$request.querystring.q"}),
        of_ann("/pets/a?q=x", &[]),
    );
    outcome
        .unwrap_err()
        .refused(400, "\"Bad Request\"", "mapping", "does not start");
    let sent = mapped(
        json!({"overwrite:querystring.a": "$request.header.x"}),
        of_ann("/pets/a", &[("x", "1&b=2")]),
    );
    assert!(sent.unwrap().starts_with("GET /fixed?a=1%26b%3D2 HTTP"));
}

#[test]
fn mappings_that_cannot_be_meant_are_named() {
    for (target, value, said) in [
        ("header.a", "x", "no target"),
        ("set:header.a", "x", "no target"),
        ("append:path", "x", "no target"),
        ("overwrite:cookie.a", "x", "no target"),
        ("overwrite:header.Authorization", "x", "cannot be mapped"),
        ("overwrite:header.x-amz-date", "x", "cannot be mapped"),
        ("overwrite:header.Host", "x", "cannot be mapped"),
        ("overwrite:header.Transfer-Encoding", "x", "cannot be mapped"),
        ("overwrite:header.a b", "x", "cannot be mapped"),
        ("remove:header.a", "x", "no value"),
        (
            "overwrite:header.a",
            "$request.cookie.x",
            "use `$request.header.NAME`",
        ),
        ("overwrite:header.a", "$request.body.x", "from a body"),
        ("overwrite:header.a", "$request.path.none", "no parameter `none`"),
        ("overwrite:header.a", "$stageVariables.none", "no variable `none`"),
        ("overwrite:header.a", "a $context.x", "inside text"),
        ("overwrite:header.a", "${context.x", "an open"),
    ] {
        let changes = json!({"requestParameters": {target: value}});
        let problems = http_stage(&[json!("GET /x/{id}")], "$default", echo(), changes)
            .err()
            .unwrap();
        let text = problems[0].to_string();
        assert!(text.contains(said) && text.contains(target), "{text}");
    }
}

#[test]
fn routes_own_throttle_stands_for_that_of_all_and_each_route_has_a_bucket() {
    let settings = json!({"stage": {
        "defaultRouteSettings": {"throttlingBurstLimit": 2, "throttlingRateLimit": 1.0},
        "routeSettings": {"GET /rare": {"throttlingBurstLimit": 1, "throttlingRateLimit": 1.0}},
    }});
    let routes = [json!("GET /a"), json!("GET /b"), json!("GET /rare")];
    let HttpApiWorld { world } = HttpApiWorld::new(&routes, &["$default"], settings.clone());
    for (path, admitted) in [("/a", 2), ("/b", 2), ("/rare", 1)] {
        for _ in 0..admitted {
            assert_eq!(world.get(path).status, 200, "{path}");
        }
        world.get(path).refused(
            429,
            "\"Too Many Requests\"",
            "usage-plan",
            "the stage's throttle of this method is used up",
        );
    }
    world.clock.advance_seconds(1);
    assert_eq!(world.get("/rare").status, 200);
    let problems = http_stage(&routes[..2], "$default", echo(), settings)
        .err()
        .unwrap();
    assert!(
        format!("{problems:?}").contains("the deployment has no route `GET /rare`"),
        "{problems:?}"
    );
}

#[test]
fn each_exchange_of_a_stage_leaves_a_line() {
    let settings = json!({"stage": {"accessLogSettings": {
        "destinationArn": "arn:aws:logs:us-east-1:000000000000:log-group:http",
        "format": "$context.requestId $context.routeKey $context.status $context.stage $context.error.message $context.error.messageString $context.authorizer.claims.sub",
    }}});
    let routes = [
        json!("GET /a"),
        json!({"routeKey": "GET /b", "authorizationType": "AWS_IAM"}),
    ];
    let HttpApiWorld { world } = HttpApiWorld::new(&routes, &["$default"], settings);
    for path in ["/a", "/b", "/c"] {
        world.get(path);
    }
    let lines = world.lines.0.lock().unwrap();
    let lines: Vec<&str> = lines
        .iter()
        .map(|(_, line)| line.split_once(' ').unwrap().1)
        .collect();
    assert_eq!(
        lines,
        [
            "GET /a 200 $default - - -",
            "GET /b 403 $default Forbidden \"Forbidden\" -",
            "- 404 $default Not Found \"Not Found\" -",
        ]
    );
}

/// What is wrong with a signature a REST API says in an error type of its own; an HTTP API says `Forbidden` to everything.
#[test]
fn call_that_is_not_signed_is_forbidden() {
    let routes = [json!({"routeKey": "ANY /x", "authorizationType": "AWS_IAM"})];
    let HttpApiWorld { world } = HttpApiWorld::new(&routes, &["$default"], json!({}));
    let scope = "20240101/us-east-1/execute-api/aws4_request";
    let nobody = format!("AWS4-HMAC-SHA256 Credential=AKIANOBODY/{scope}, SignedHeaders=host, Signature=00");
    for (headers, reason) in [
        (vec![], "Missing Authentication Token"),
        (vec![("authorization", "Bearer abc")], "signature"),
        (
            vec![("authorization", "AWS4-HMAC-SHA256 Credential=a")],
            "requires",
        ),
        (vec![("authorization", nobody.as_str())], "signature"),
    ] {
        let refused = world.send(request("GET", "/x", &headers));
        refused.refused(403, "\"Forbidden\"", "authorizer", reason);
        assert_eq!(refused.header("x-amzn-errortype"), None);
    }
    let problems = http_stage(
        &[json!({"routeKey": "GET /x", "authorizationType": "AWS_IAM", "authorizationScopes": ["a"]})],
        "$default",
        echo(),
        json!({}),
    );
    assert!(format!("{:?}", problems.err().unwrap()).contains("scopes need the authorization type `JWT`"));
}

#[test]
fn backend_that_does_not_answer_is_unavailable() {
    let world = World::empty(GatewaySettings::default());
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let stage = http_stage(&[json!("GET /x")], "$default", closed, json!({})).unwrap();
    world.snapshots.change(|snapshot| snapshot.with_stage(stage));
    world.get("/x").refused(
        503,
        "\"Service Unavailable\"",
        "integration",
        "cannot be connected",
    );
}

#[test]
fn what_cannot_be_served_is_named() {
    let backend = echo();
    for (routes, changes, place, message) in [
        (
            json!(["GET pets"]),
            json!({}),
            "pets: routeKey",
            "must start with `/`",
        ),
        (json!(["GET"]), json!({}), "GET: routeKey", "a method and a path"),
        (json!(["FETCH /x"]), json!({}), "FETCH /x: routeKey", "no method"),
        (
            json!(["GET /x//y"]),
            json!({}),
            "/x//y: routeKey",
            "no path segment",
        ),
        (
            json!(["GET /{proxy+}/x"]),
            json!({}),
            "/{proxy+}/x: routeKey",
            "no path segment",
        ),
        (
            json!([{"routeKey": "GET /x", "target": "integrations/none"}]),
            json!({}),
            "GET /x: target",
            "names no integration",
        ),
        (
            json!([{"routeKey": "GET /x", "target": "integrations/i2"}]),
            json!({}),
            "GET /x: integration/uri",
            "`{proxy}` has no value",
        ),
        (
            json!([{"routeKey": "GET /x", "authorizationType": "JWT", "authorizerId": "none"}]),
            json!({}),
            "GET /x: authorizerId",
            "no authorizer",
        ),
        (
            json!([{"routeKey": "GET /x", "authorizationType": "CUSTOM", "authorizerId": "users"}]),
            json!({"authorizers": [{"authorizerId": "users", "name": "users",
                "identitySource": ["$request.header.Authorization"],
                "kind": {"JWT": {"issuer": issuer(POOL), "audience": ["client1"]}}}]}),
            "GET /x: authorizerId",
            "set the authorization type to `JWT`",
        ),
        (
            json!(["GET /x"]),
            json!({"api": {"corsConfiguration": {"allowOrigins": ["*"], "allowCredentials": true}}}),
            "corsConfiguration/allowCredentials",
            "list origins",
        ),
    ] {
        let routes = routes.as_array().unwrap();
        let problems = http_stage(routes, "$default", backend, changes).err().unwrap();
        let found = problems.iter().any(|problem| problem.to_string().contains(place));
        let said = problems
            .iter()
            .any(|problem| problem.to_string().contains(message));
        assert!(found && said, "{place} {message}: {problems:?}");
    }
}

/// Random paths, methods and headers of strangers: always an answer, and never one that only a token opens.
#[test]
fn nothing_that_a_stranger_sends_opens_a_guarded_route() {
    let guarded = |key: &str| json!({"routeKey": key, "authorizationType": "JWT", "authorizerId": "auth1"});
    let routes = [
        guarded("GET /me"),
        guarded("ANY /me/{proxy+}"),
        json!("GET /open/{id}"),
        json!("$default"),
    ];
    let changes = json!({"authorizers": [{
        "authorizerId": "auth1", "name": "users", "identitySource": ["$request.header.Authorization"],
        "kind": {"JWT": {"issuer": issuer(POOL), "audience": ["client1"]}},
    }], "api": {"corsConfiguration": {"allowOrigins": ["*"]}}});
    let HttpApiWorld { world } = HttpApiWorld::new(&routes, &["$default"], changes);
    const SYMBOLS: [&str; 16] = [
        "/", "me", "open", "%6d", "%65", "%2e", "..", ".", "%2f", "\\", "%5c", "x", ";", "//", "%00", "~",
    ];
    let mut state = 0x2545_f491_4f6c_dd1d_u64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap() % below
    };
    for _ in 0..600 {
        let mut path = String::from("/");
        for _ in 0..next(8) {
            path.push_str(SYMBOLS[next(SYMBOLS.len())]);
        }
        let method = ["GET", "OPTIONS", "X"][next(3)];
        let token = ["", "Bearer", "Bearer x.y.z", "a.b", "\u{e9}"][next(5)];
        let outcome = world.send(request(
            method,
            &path,
            &[("Authorization", token), ("Origin", "x")],
        ));
        let route = route_of(&outcome).to_owned();
        assert!(
            [200, 401, 404, 400].contains(&outcome.status),
            "{method} {path}: {:?}",
            outcome.last()
        );
        if outcome.status == 200 {
            // As a backend that decodes and normalises would read it.
            let decoded = path
                .replace("%6d", "m")
                .replace("%65", "e")
                .replace("%2e", ".")
                .replace("%5c", "/")
                .replace('\\', "/");
            let mut segments = Vec::new();
            for segment in decoded.split('/') {
                match segment {
                    "" | "." => {}
                    ".." => drop(segments.pop()),
                    other => segments.push(other),
                }
            }
            let is_guarded = segments.first() == Some(&"me") && (segments.len() > 1 || method == "GET");
            assert!(!is_guarded, "{method} {path} went to `{route}`");
        }
    }
}

mod jwt {
    use super::*;

    const UNAUTHORIZED: &str = "\"Unauthorized\"";

    fn authorizer(changes: Value) -> Value {
        let mut record = json!({
            "authorizerId": "auth1", "name": "users", "identitySource": ["$request.header.Authorization"],
            "kind": {"JWT": {"issuer": issuer(POOL), "audience": ["client1"]}},
        });
        merge(&mut record, changes);
        record
    }

    fn guarded(changes: Value) -> HttpApiWorld {
        let routes = [
            json!({"routeKey": "GET /me", "authorizationType": "JWT", "authorizerId": "auth1"}),
            json!({"routeKey": "GET /things", "authorizationType": "JWT", "authorizerId": "auth1",
                   "authorizationScopes": ["things/read", "things/all"]}),
        ];
        HttpApiWorld::new(
            &routes,
            &["$default"],
            json!({"authorizers": [authorizer(changes)], "api": {
                "corsConfiguration": {"allowOrigins": ["https://page.example"]},
            }}),
        )
    }

    fn claims(changes: Value) -> Value {
        let mut claims = json!({
            "sub": "user-1", "iss": issuer(POOL), "client_id": "client1", "token_use": "access",
            "scope": "openid things/read", "iat": NOW - 10, "exp": NOW + 3600, "origin_jti": "family-1",
        });
        merge(&mut claims, changes);
        claims
    }

    fn token(changes: Value) -> String {
        KEY.sign_jwt("kid1", &claims(changes)).unwrap()
    }

    fn with(path: &str, value: &str) -> Request {
        request("GET", path, &[("Authorization", value)])
    }

    #[test]
    fn token_is_admitted_first_and_again_raw_and_as_bearer() {
        let world = guarded(json!({})).world;
        let token = token(json!({}));
        for value in [
            token.clone(),
            format!("Bearer {token}"),
            format!("bearer {token}"),
        ] {
            assert_eq!(world.send(with("/me", &value)).status, 200);
            assert_eq!(world.send(with("/things", &value)).status, 200);
        }
        let last = world.send(with("/me", &token));
        let reason = &last.step("authorizer").reason;
        assert_eq!(
            reason,
            &format!("seen before, access token of `user-1` from pool `{POOL}`")
        );
    }

    #[test]
    fn wrong_claims_are_refused_with_a_challenge_first_and_again() {
        let world = guarded(json!({})).world;
        for (changes, description, reason) in [
            (json!({"exp": NOW}), "the token has expired", "expired"),
            (json!({"nbf": NOW + 9}), "the token is not valid yet", "nbf"),
            (json!({"iat": NOW + 9}), "the token is not valid yet", "iat"),
            (
                json!({"client_id": "other"}),
                "the token does not have a valid audience",
                "client_id",
            ),
            (
                json!({"client_id": null}),
                "the token does not have a valid audience",
                "client_id",
            ),
            // `client_id` counts only where there is no `aud`.
            (
                json!({"aud": "other"}),
                "the token does not have a valid audience",
                "`aud`",
            ),
            (
                json!({"aud": ["other", 1]}),
                "the token does not have a valid audience",
                "`aud`",
            ),
            (
                json!({"iss": issuer(OTHER_POOL)}),
                "the token does not have a valid issuer",
                "issuer",
            ),
            (
                json!({"iss": null}),
                "the token does not have a valid issuer",
                "issuer",
            ),
            (
                json!({"token_use": "refresh"}),
                "the token is malformed",
                "token_use",
            ),
        ] {
            let token = token(changes);
            for _ in 0..2 {
                let outcome = world.send(with("/me", &token));
                outcome.refused(401, UNAUTHORIZED, "authorizer", reason);
                let challenge =
                    format!("Bearer scope=\"\" error=\"invalid_token\" error_description=\"{description}\"");
                assert_eq!(outcome.header("www-authenticate"), Some(challenge.as_str()));
            }
        }
        let listed = token(json!({"aud": ["other", "client1"], "client_id": "other"}));
        assert_eq!(world.send(with("/me", &listed)).status, 200);
    }

    #[test]
    fn request_without_one_token_is_challenged() {
        let world = guarded(json!({})).world;
        let token = token(json!({}));
        let plain = "Bearer";
        let invalid =
            "Bearer scope=\"\" error=\"invalid_token\" error_description=\"the token is malformed\"";
        let cases: [(&[(&'static str, &str)], &str); 5] = [
            (&[], plain),
            (&[("Authorization", "")], plain),
            (&[("Authorization", "Bearer ")], invalid),
            (&[("Authorization", "Basic dTpw")], invalid),
            (&[("Authorization", &token), ("authorization", &token)], invalid),
        ];
        for (headers, challenge) in cases {
            let outcome = world.send(request("GET", "/me", headers));
            outcome.refused(401, UNAUTHORIZED, "authorizer", "");
            assert_eq!(outcome.header("www-authenticate"), Some(challenge));
        }
    }

    #[test]
    fn foreign_keys_and_weak_algorithms_are_refused() {
        let world = guarded(json!({})).world;
        let unsigned = |header: Value| {
            let token = token(json!({}));
            let payload = token.split('.').nth(1).unwrap();
            use base64::Engine as _;
            let header = base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(header.to_string());
            format!("{header}.{payload}.")
        };
        for (token, reason) in [
            (
                OTHER_KEY.sign_jwt("kid1", &claims(json!({}))).unwrap(),
                "signature",
            ),
            (
                OTHER_KEY.sign_jwt("kid2", &claims(json!({}))).unwrap(),
                "no key `kid2`",
            ),
            (
                unsigned(json!({"alg": "none", "kid": "kid1"})),
                "`none` is not offered",
            ),
            (
                unsigned(json!({"alg": "HS256", "kid": "kid1"})),
                "`HS256` is not offered",
            ),
            (
                unsigned(json!({"alg": "ES256", "kid": "kid1"})),
                "does not take the algorithm `ES256`",
            ),
        ] {
            let outcome = world.send(with("/me", &token));
            outcome.refused(401, UNAUTHORIZED, "authorizer", reason);
            assert!(
                outcome
                    .header("www-authenticate")
                    .unwrap()
                    .contains("invalid_token")
            );
        }
    }

    #[test]
    fn missing_scope_is_forbidden_and_scp_counts_too() {
        let world = guarded(json!({})).world;
        for changes in [
            json!({"scope": "things/write"}),
            json!({"scope": null}),
            json!({"scope": "things"}),
        ] {
            let outcome = world.send(with("/things", &token(changes)));
            outcome.refused(403, "\"Forbidden\"", "authorizer", "none of the scopes");
            let challenge = outcome.header("www-authenticate").unwrap();
            assert!(challenge.contains("error=\"insufficient_scope\""), "{challenge}");
            assert!(
                challenge.contains("scope=\"things/read things/all\""),
                "{challenge}"
            );
        }
    }

    #[test]
    fn revoked_tokens_and_those_of_signed_out_users_are_refused_at_once() {
        let world = guarded(json!({})).world;
        let token = token(json!({}));
        assert_eq!(world.send(with("/me", &token)).status, 200);
        let until = Timestamp::from_seconds(NOW + 3600);
        world.revocations.revoke_family(&POOL.into(), "family-1", until);
        world
            .send(with("/me", &token))
            .refused(401, UNAUTHORIZED, "authorizer", "revoked");
        let other = self::token(json!({"origin_jti": "family-2"}));
        assert_eq!(world.send(with("/me", &other)).status, 200);
        let now = Timestamp::from_seconds(NOW);
        world.revocations.sign_out(&POOL.into(), &"user-1".into(), now);
        world
            .send(with("/me", &other))
            .refused(401, UNAUTHORIZED, "authorizer", "signed out");
    }

    #[test]
    fn token_from_the_query_is_taken_where_the_authorizer_says_so() {
        let world = guarded(json!({"identitySource": ["$request.querystring.access"]})).world;
        let token = token(json!({}));
        assert_eq!(world.get(&format!("/me?access={token}")).status, 200);
        world
            .get("/me")
            .refused(401, UNAUTHORIZED, "authorizer", "query parameter `access`");
        world.get(&format!("/me?access={token}&access={token}")).refused(
            401,
            UNAUTHORIZED,
            "authorizer",
            "more than one",
        );
        world
            .send(with("/me", &token))
            .refused(401, UNAUTHORIZED, "authorizer", "no token");
    }

    #[test]
    fn issuer_of_ours_that_is_gone_is_never_asked_over_the_network() {
        let world = guarded(json!({})).world;
        let token = token(json!({}));
        assert_eq!(world.send(with("/me", &token)).status, 200);
        world
            .snapshots
            .change(|snapshot| snapshot.without_pool(&pool_arn(POOL)));
        let outcome = world.send(with("/me", &token));
        outcome.refused(
            500,
            "\"Internal Server Error\"",
            "authorizer",
            "there is no such pool",
        );
    }

    /// An issuer on loopback with the keys of `keys`; counts how often it is asked for them.
    struct ForeignIssuer {
        url: String,
        asked: Arc<AtomicUsize>,
        keys: Arc<Mutex<Value>>,
    }

    fn foreign_issuer() -> ForeignIssuer {
        let asked = Arc::new(AtomicUsize::new(0));
        let keys = Arc::new(Mutex::new(json!([KEY.public_jwk("f1")])));
        let url = Arc::new(Mutex::new(String::new()));
        let (count, served, own) = (Arc::clone(&asked), Arc::clone(&keys), Arc::clone(&url));
        let address = serve(move |head| {
            let own = own.lock().unwrap().clone();
            if head.starts_with("GET /.well-known/openid-configuration ") {
                return (
                    "200 OK",
                    json!({"issuer": own, "jwks_uri": format!("{own}/keys")}).to_string(),
                );
            }
            count.fetch_add(1, Ordering::SeqCst);
            let keys = served.lock().unwrap().clone();
            if keys.is_null() {
                return ("500 Internal Server Error", String::new());
            }
            ("200 OK", json!({"keys": keys}).to_string())
        });
        *url.lock().unwrap() = format!("http://{address}");
        let url = format!("http://{address}");
        ForeignIssuer { url, asked, keys }
    }

    impl ForeignIssuer {
        fn world(&self) -> World {
            guarded(json!({"kind": {"JWT": {"issuer": self.url, "audience": ["client1"]}}})).world
        }

        fn token(&self, kid: &str, changes: Value) -> String {
            let mut claims = json!({
                "sub": "someone", "iss": self.url, "aud": "client1", "scp": ["things/read"], "exp": NOW + 36_000,
            });
            merge(&mut claims, changes);
            KEY.sign_jwt(kid, &claims).unwrap()
        }

        fn asked(&self) -> usize {
            self.asked.load(Ordering::SeqCst)
        }
    }

    #[test]
    fn keys_of_a_foreign_issuer_are_found_once_and_kept() {
        let issuer = foreign_issuer();
        let world = issuer.world();
        for changes in [json!({}), json!({"x": 1})] {
            let token = issuer.token("f1", changes);
            assert_eq!(world.send(with("/me", &token)).status, 200);
            assert_eq!(world.send(with("/things", &token)).status, 200);
        }
        assert_eq!(issuer.asked(), 1);
        for (changes, reason) in [
            (json!({"iss": "http://127.0.0.1:1"}), "issuer"),
            (json!({"aud": "other"}), "audience"),
            (json!({"exp": NOW - 1}), "expired"),
        ] {
            let token = issuer.token("f1", changes);
            world
                .send(with("/me", &token))
                .refused(401, UNAUTHORIZED, "authorizer", reason);
        }
        let forged = OTHER_KEY
            .sign_jwt(
                "f1",
                &json!({"iss": issuer.url, "aud": "client1", "exp": NOW + 60}),
            )
            .unwrap();
        world
            .send(with("/me", &forged))
            .refused(401, UNAUTHORIZED, "authorizer", "signature");
        // A token of a pool of ours does not open what another issuer guards.
        world
            .send(with("/me", &token(json!({}))))
            .refused(401, UNAUTHORIZED, "authorizer", "issuer");
        assert_eq!(issuer.asked(), 1);
    }

    #[test]
    fn unknown_key_is_asked_for_at_once_and_a_key_that_went_is_gone() {
        let issuer = foreign_issuer();
        let world = issuer.world();
        let old = issuer.token("f1", json!({}));
        assert_eq!(world.send(with("/me", &old)).status, 200);
        let new = issuer.token("f2", json!({}));
        for asked in [2, 3] {
            world
                .send(with("/me", &new))
                .refused(401, UNAUTHORIZED, "authorizer", "no key `f2`");
            assert_eq!(issuer.asked(), asked);
        }
        *issuer.keys.lock().unwrap() = json!([KEY.public_jwk("f2")]);
        assert_eq!(world.send(with("/me", &new)).status, 200);
        assert_eq!(world.send(with("/me", &new)).status, 200);
        assert_eq!(issuer.asked(), 4);
        world
            .send(with("/me", &old))
            .refused(401, UNAUTHORIZED, "authorizer", "no key `f1`");
    }

    #[test]
    fn strangers_keys_are_asked_for_once_a_second_after_the_first_few() {
        let issuer = foreign_issuer();
        let world = issuer.world();
        for number in 0..10 {
            let forged = issuer.token(&format!("x{number}"), json!({}));
            world.send(with("/me", &forged));
        }
        assert_eq!(issuer.asked(), 10);
        // The budget is used up: the next question waits its second, and then it is put.
        *issuer.keys.lock().unwrap() = json!([KEY.public_jwk("f2")]);
        let started = std::time::Instant::now();
        assert_eq!(
            world.send(with("/me", &issuer.token("f2", json!({})))).status,
            200
        );
        assert!(started.elapsed().as_millis() >= 1_000);
        assert_eq!(issuer.asked(), 11);
        // Expired tokens, and those that name no key, are no reason to ask.
        let expired = issuer.token("x", json!({"exp": NOW - 1}));
        assert_eq!(world.send(with("/me", &expired)).status, 401);
        assert_eq!(issuer.asked(), 11);
    }

    #[test]
    fn old_keys_serve_while_their_issuer_is_down_but_not_for_ever() {
        let issuer = foreign_issuer();
        let world = issuer.world();
        let long = json!({"exp": NOW + 100_000});
        let token = issuer.token("f1", long);
        assert_eq!(world.send(with("/me", &token)).status, 200);
        *issuer.keys.lock().unwrap() = Value::Null;
        world.clock.advance_seconds(7_200);
        for _ in 0..3 {
            assert_eq!(world.send(with("/me", &token)).status, 200);
        }
        assert_eq!(issuer.asked(), 2);
        world.clock.advance_seconds(86_400 - 7_200);
        world
            .send(with("/me", &token))
            .refused(401, UNAUTHORIZED, "authorizer", "answered 500");
    }

    #[test]
    fn keys_that_an_issuer_has_elsewhere_are_not_fetched_from_this_machine() {
        let issuer = foreign_issuer();
        let own = Arc::new(Mutex::new(String::new()));
        let (keys, named) = (issuer.url.clone(), Arc::clone(&own));
        let address = serve(move |_| {
            let own = named.lock().unwrap().clone();
            (
                "200 OK",
                json!({"issuer": own, "jwks_uri": format!("{keys}/keys")}).to_string(),
            )
        });
        let url = format!("http://{address}");
        own.lock().unwrap().clone_from(&url);
        let world = guarded(json!({"kind": {"JWT": {"issuer": url, "audience": ["client1"]}}})).world;
        let token = issuer.token("f1", json!({"iss": url}));
        let outcome = world.send(with("/me", &token));
        outcome.refused(401, UNAUTHORIZED, "authorizer", "clear text only");
        let challenge = outcome.header("www-authenticate").unwrap();
        assert!(
            challenge.contains("OIDC discovery endpoint communication error"),
            "{challenge}"
        );
        assert_eq!(issuer.asked(), 0);
    }

    #[test]
    fn refusal_can_be_read_by_pages_that_cors_allows() {
        let world = guarded(json!({})).world;
        let outcome = world.send(request("GET", "/me", &[("Origin", "https://page.example")]));
        assert_eq!(outcome.status, 401);
        assert_eq!(
            outcome.header("access-control-allow-origin"),
            Some("https://page.example")
        );
    }
}

mod cors {
    use super::*;

    const PREFLIGHT: [(&str, &str); 2] = [
        ("Origin", "https://page.example"),
        ("Access-Control-Request-Method", "GET"),
    ];

    fn world(routes: &[Value], cors: Value) -> World {
        let authorizers = json!([{
            "authorizerId": "auth1", "name": "users", "identitySource": ["$request.header.Authorization"],
            "kind": {"JWT": {"issuer": issuer(POOL), "audience": ["client1"]}},
        }]);
        let api = json!({"api": {"corsConfiguration": cors}, "authorizers": authorizers});
        HttpApiWorld::new(routes, &["$default"], api).world
    }

    fn listed() -> Value {
        json!({
            "allowOrigins": ["https://page.example"], "allowMethods": ["GET", "PUT"], "allowHeaders": ["x-a", "x-b"],
            "exposeHeaders": ["x-c"], "maxAge": 600, "allowCredentials": true,
        })
    }

    fn guarded(key: &str) -> Value {
        json!({"routeKey": key, "authorizationType": "JWT", "authorizerId": "auth1"})
    }

    #[test]
    fn preflight_is_answered_before_route_and_authorizer() {
        let world = world(&[guarded("GET /me")], listed());
        for path in ["/me", "/nothing"] {
            let outcome = world.send(request("OPTIONS", path, &PREFLIGHT));
            assert_eq!((outcome.status, outcome.body.as_str()), (204, ""));
            for (name, value) in [
                ("access-control-allow-origin", Some("https://page.example")),
                ("access-control-allow-methods", Some("GET,PUT")),
                ("access-control-allow-headers", Some("x-a,x-b")),
                ("access-control-allow-credentials", Some("true")),
                ("access-control-max-age", Some("600")),
                ("vary", Some("Origin")),
            ] {
                assert_eq!(outcome.header(name), value, "{name}");
            }
            assert_eq!(route_of(&outcome), "none");
            assert_eq!((outcome.last().0, outcome.last().1), ("cors", Outcome::Answer));
        }
    }

    #[test]
    fn preflight_of_a_stranger_learns_nothing() {
        let world = world(&[guarded("GET /me")], listed());
        let headers = [
            ("Origin", "https://page.example.evil"),
            ("Access-Control-Request-Method", "GET"),
        ];
        let outcome = world.send(request("OPTIONS", "/me", &headers));
        assert_eq!(outcome.status, 204);
        assert!(
            outcome
                .headers
                .iter()
                .all(|(name, _)| !name.starts_with(b"access-control"))
        );
        assert!(outcome.last().2.contains("not allowed"));
    }

    /// AWS documents it of `$default` with an authorizer; `ANY` takes `OPTIONS` as much.
    #[test]
    fn route_that_takes_options_gets_the_preflight_and_its_authorizer_refuses_it() {
        for key in ["$default", "ANY /me", "OPTIONS /me"] {
            let outcome = world(&[guarded(key)], listed()).send(request("OPTIONS", "/me", &PREFLIGHT));
            outcome.refused(401, "\"Unauthorized\"", "authorizer", "no token");
        }
    }

    #[test]
    fn request_that_is_no_preflight_needs_a_route() {
        let world = world(&[guarded("GET /me")], listed());
        for headers in [&PREFLIGHT[..1], &PREFLIGHT[1..], &[]] {
            let outcome = world.send(request("OPTIONS", "/me", headers));
            outcome.refused(404, "\"Not Found\"", "route", "no route");
        }
    }

    #[test]
    fn configuration_speaks_instead_of_the_backend() {
        for (cors, origin, allowed) in [
            (
                listed(),
                Some("https://page.example"),
                Some("https://page.example"),
            ),
            (listed(), Some("https://other.example"), None),
            (listed(), None, None),
            (
                json!({"allowOrigins": ["*"]}),
                Some("https://other.example"),
                Some("*"),
            ),
            (
                json!({"allowOrigins": ["https://*"]}),
                Some("https://o.example"),
                Some("https://o.example"),
            ),
            (
                json!({"allowOrigins": ["https://*"]}),
                Some("http://o.example"),
                None,
            ),
        ] {
            let world = world(&[json!("GET /open")], cors);
            let headers: Vec<_> = origin.iter().map(|origin| ("Origin", *origin)).collect();
            let outcome = world.send(request("GET", "/open", &headers));
            assert_eq!(outcome.status, 200);
            let found: Vec<_> = outcome.headers.all("access-control-allow-origin").collect();
            assert_eq!(found.len(), usize::from(allowed.is_some()));
            assert_eq!(
                outcome.header("access-control-allow-origin"),
                allowed,
                "{origin:?}"
            );
        }
    }

    #[test]
    fn without_a_configuration_the_backend_speaks_and_preflights_need_a_route() {
        let world = HttpApiWorld::new(&[json!("GET /open")], &["$default"], json!({})).world;
        let outcome = world.send(request("GET", "/open", &PREFLIGHT));
        assert_eq!(
            outcome.header("access-control-allow-origin"),
            Some("https://backend.example")
        );
        let outcome = world.send(request("OPTIONS", "/open", &PREFLIGHT));
        outcome.refused(404, "\"Not Found\"", "route", "no route");
    }
}
