//! Lambda authorizers: what the function is given, what comes of what it returns, and what is kept of it.

use portcullis_model::Clock;

use super::{lambda_proxy::uri, *};

const FUNCTION: &str = "arn:aws:lambda:us-east-1:000000000000:function:judge";
const ARN: &str = "arn:aws:execute-api:us-east-1:000000000000:abc123/prod/GET/pets";

fn api(authorizer: Value) -> Value {
    let mut guarded = open(mock(
        "$context.authorizer.principalId $context.authorizer.plan $context.authorizer.n",
    ));
    merge(
        &mut guarded,
        json!({"authorizationType": "CUSTOM", "authorizerId": "aut1"}),
    );
    let mut record = json!({
        "id": "aut1", "name": "judge", "type": "TOKEN", "authorizerUri": uri(FUNCTION),
        "identitySource": "method.request.header.Authorization",
    });
    merge(&mut record, authorizer);
    json!({
        "resources": [
            resource("/pets", json!({"GET": guarded.clone(), "POST": guarded.clone()})),
            resource("/pets/{id}", json!({"GET": guarded})),
        ],
        "authorizers": [record],
    })
}

fn world(authorizer: Value) -> World {
    World::with(api(authorizer), json!({"variables": {"color": "blue"}}))
}

fn says(effect: &str, resource: &str) -> String {
    json!({
        "principalId": "ann",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [{"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}],
        },
        "context": {"plan": "gold", "n": 7, "ok": true},
    })
    .to_string()
}

fn with_token(token: &str, target: &str) -> Request {
    request("GET", target, &[("authorization", token)])
}

fn calls(world: &World) -> Vec<Value> {
    let invoked = world.functions.invoked.lock().unwrap();
    let event = |invocation: &Invocation| serde_json::from_slice(&invocation.payload).unwrap();
    invoked.iter().map(event).collect()
}

#[test]
fn token_authorizer_is_given_token_and_method_and_admits() {
    let world = world(json!({})).returning(&says("Allow", ARN));
    let admitted = world.send(with_token("Bearer secret", "/prod/pets"));
    assert_eq!((admitted.status, admitted.body.as_str()), (200, "ann gold 7"));
    assert_eq!(
        calls(&world),
        [json!({"type": "TOKEN", "authorizationToken": "Bearer secret", "methodArn": ARN})]
    );
    let invoked = world.functions.invoked.lock().unwrap();
    let call = invoked.first().unwrap();
    assert_eq!(call.function_arn.as_ref(), FUNCTION);
    assert_eq!(
        call.source_arn,
        "arn:aws:execute-api:us-east-1:000000000000:abc123/authorizers/aut1"
    );
    assert!(!format!("{:?}", admitted.trail).contains("secret"));
}

#[test]
fn request_authorizer_is_given_the_request() {
    let sources =
        "method.request.header.X-Key, method.request.querystring.q,stageVariables.color,context.httpMethod";
    let world = world(json!({"type": "REQUEST", "identitySource": sources})).returning(&says("Allow", "*"));
    let admitted = world.send(request("GET", "/prod/pets/7?q=a&q=b&other=1", &[("x-key", "k")]));
    assert_eq!(admitted.status, 200);
    let [event] = <[Value; 1]>::try_from(calls(&world)).unwrap();
    assert_eq!(event["type"], "REQUEST");
    assert_eq!(event["methodArn"], format!("{ARN}/7"));
    assert_eq!(event["resource"], "/pets/{id}");
    assert_eq!(event["path"], "/pets/7");
    assert_eq!(event["headers"]["X-Key"], "k");
    assert_eq!(event["multiValueQueryStringParameters"]["q"], json!(["a", "b"]));
    assert_eq!(event["pathParameters"], json!({"id": "7"}));
    assert_eq!(event["stageVariables"], json!({"color": "blue"}));
    assert_eq!(event["requestContext"]["identity"]["sourceIp"], "192.0.2.7");
    assert!(event.get("body").is_none() && event["requestContext"].get("authorizer").is_none());
}

#[test]
fn missing_sources_are_unauthorized_and_the_function_is_not_asked() {
    let token =
        world(json!({"identityValidationExpression": "Bearer [a-z]+"})).returning(&says("Allow", "*"));
    for (headers, reason) in [
        (vec![], "no token in the header"),
        (vec![("authorization", "")], "no token in the header"),
        (vec![("authorization", "Bearer 7")], "does not match"),
        (vec![("authorization", "xBearer a")], "does not match"),
        (vec![("authorization", "Bearer a b")], "does not match"),
        (
            vec![("authorization", "Bearer a"), ("authorization", "Bearer b")],
            "more than one",
        ),
    ] {
        let refused = token.send(request("GET", "/prod/pets", &headers));
        refused.refused(401, "\"Unauthorized\"", "authorizer", reason);
        assert_eq!(refused.header("x-amzn-errortype"), Some("UnauthorizedException"));
    }
    assert_eq!(token.send(with_token("Bearer abc", "/prod/pets")).status, 200);
    let sources = "method.request.header.A, method.request.querystring.q";
    let several = world(json!({"type": "REQUEST", "identitySource": sources})).returning(&says("Allow", "*"));
    for (target, headers, reason) in [
        ("/prod/pets", vec![("a", "1")], "no query parameter `q`"),
        ("/prod/pets?q=", vec![("a", "1")], "no query parameter `q`"),
        ("/prod/pets?q=1", vec![], "no header `A`"),
        ("/prod/pets?Q=1", vec![("a", "1")], "no query parameter `q`"),
    ] {
        several
            .send(request("GET", target, &headers))
            .refused(401, "\"Unauthorized\"", "authorizer", reason);
    }
    assert_eq!((calls(&token).len(), calls(&several).len()), (1, 0));
}

#[test]
fn policy_decides_for_the_method_that_is_called() {
    let expected = |effect: &str, resource: &str, end: Option<&str>, reason: &str| {
        let outcome = world(json!({}))
            .returning(&says(effect, resource))
            .send(with_token("t", "/prod/pets"));
        match end {
            None => assert_eq!(outcome.status, 200, "{resource}"),
            Some(end) => {
                let message = format!("User is not authorized to access this resource{end}");
                assert_eq!(
                    serde_json::from_str::<Value>(&outcome.body).unwrap(),
                    json!({"Message": message})
                );
                assert_eq!(outcome.header("x-amzn-errortype"), Some("AccessDeniedException"));
                assert_eq!((outcome.status, outcome.last().0), (403, "authorizer"));
                assert!(outcome.last().2.contains(reason), "{}", outcome.last().2);
            }
        }
    };
    expected("Allow", ARN, None, "");
    expected("Allow", "arn:aws:execute-api:*:*:abc123/*/GET/p?ts", None, "");
    expected(
        "Allow",
        "arn:aws:execute-api:*:*:other/*",
        Some(""),
        "no statement speaks of it",
    );
    expected("Allow", &ARN.replace("GET", "POST"), Some(""), "no statement");
    expected(
        "Deny",
        "*",
        Some(" with an explicit deny"),
        "statement 1 of policy 1 denies it",
    );
}

/// The classic mistake on AWS: a policy that names the first method alone, kept for the next.
#[test]
fn kept_result_is_judged_anew_for_every_method() {
    let world = world(json!({})).returning(&says("Allow", ARN));
    assert_eq!(world.send(with_token("t", "/prod/pets")).status, 200);
    let other = world.send(with_token("t", "/prod/pets/7"));
    assert_eq!(other.status, 403);
    assert!(
        other
            .last()
            .2
            .contains("no statement speaks of it, from a result that was kept")
    );
    assert_eq!(world.send(with_token("t", "/prod/pets")).status, 200);
    assert_eq!(calls(&world).len(), 1);
}

#[test]
fn result_is_kept_by_identity_until_it_expires() {
    let world = world(json!({"authorizerResultTtlInSeconds": 60})).returning(&says("Allow", "*"));
    world.send(with_token("a", "/prod/pets"));
    world.send(with_token("a", "/prod/pets"));
    assert_eq!(calls(&world).len(), 1);
    world.send(with_token("b", "/prod/pets"));
    assert_eq!(calls(&world).len(), 2);
    world.clock.advance_seconds(59);
    world.send(with_token("a", "/prod/pets"));
    assert_eq!(calls(&world).len(), 2);
    world.clock.advance_seconds(1);
    world.send(with_token("a", "/prod/pets"));
    assert_eq!(calls(&world).len(), 3);
    // The default is 300 seconds, 0 keeps nothing.
    let never = super::lambda_authorizer::world(json!({"authorizerResultTtlInSeconds": 0}))
        .returning(&says("Allow", "*"));
    never.send(with_token("a", "/prod/pets"));
    never.send(with_token("a", "/prod/pets"));
    assert_eq!(calls(&never).len(), 2);
    let default = super::lambda_authorizer::world(json!({})).returning(&says("Allow", "*"));
    default.send(with_token("a", "/prod/pets"));
    default.clock.advance_seconds(299);
    default.send(with_token("a", "/prod/pets"));
    assert_eq!(calls(&default).len(), 1);
    default.clock.advance_seconds(1);
    default.send(with_token("a", "/prod/pets"));
    assert_eq!(calls(&default).len(), 2);
}

#[test]
fn identities_that_only_look_alike_do_not_share_a_result() {
    let sources = "method.request.header.A, method.request.header.B";
    let world = world(json!({"type": "REQUEST", "identitySource": sources})).returning(&says("Allow", "*"));
    for headers in [
        [("a", "xy"), ("b", "z")],
        [("a", "x"), ("b", "yz")],
        [("a", "z"), ("b", "xy")],
    ] {
        world.send(request("GET", "/prod/pets", &headers));
    }
    world.send(request(
        "GET",
        "/prod/pets",
        &[("a", "x"), ("a", "y"), ("b", "z")],
    ));
    assert_eq!(calls(&world).len(), 4);
}

#[test]
fn other_deployment_does_not_find_what_was_kept() {
    let world = world(json!({})).returning(&says("Allow", "*"));
    world.send(with_token("t", "/prod/pets"));
    let again = compile(api(json!({})), json!({"variables": {"color": "blue"}})).unwrap();
    world.snapshots.change(|snapshot| snapshot.with_stage(again));
    world.send(with_token("t", "/prod/pets"));
    assert_eq!(calls(&world).len(), 2);
}

#[test]
fn failures_of_the_function_are_told_as_aws_does() {
    let unauthorized = world(json!({})).failing(r#"{"errorMessage":"Unauthorized"}"#);
    unauthorized.send(with_token("t", "/prod/pets")).refused(
        401,
        "\"Unauthorized\"",
        "authorizer",
        "says `Unauthorized`",
    );
    let configuration = "AuthorizerConfigurationException";
    for (payload, reason) in [
        (
            r#"{"errorMessage":"unauthorized"}"#,
            "its function failed: unauthorized",
        ),
        (r#"{"errorMessage":"Unauthorized: no"}"#, "its function failed"),
        ("nonsense", "its function failed"),
    ] {
        let refused = world(json!({}))
            .failing(payload)
            .send(with_token("t", "/prod/pets"));
        refused.refused(500, "null", "authorizer", reason);
        assert_eq!(refused.header("x-amzn-errortype"), Some(configuration));
    }
    for (payload, reason) in [
        ("null", "no JSON object"),
        ("{}", "`principalId`"),
        (
            r#"{"principalId":"a","policyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]},"context":{"a":{}}}"#,
            "list or an object",
        ),
    ] {
        let refused = world(json!({}))
            .returning(payload)
            .send(with_token("t", "/prod/pets"));
        refused.refused(500, "null", "authorizer", reason);
        assert_eq!(refused.header("x-amzn-errortype"), Some(configuration));
    }
    for (failure, error_type) in [
        (FunctionFailure::NotFound("f".into()), configuration),
        (FunctionFailure::NotPermitted("no".into()), configuration),
        (FunctionFailure::TimedOut, "AuthorizerFailureException"),
        (
            FunctionFailure::Throttled("busy".into()),
            "AuthorizerFailureException",
        ),
        (
            FunctionFailure::Unreachable("gone".into()),
            "AuthorizerFailureException",
        ),
    ] {
        let refused = world(json!({}))
            .saying(Err(failure))
            .send(with_token("t", "/prod/pets"));
        refused.refused(500, "null", "authorizer", "authorizer `judge`");
        assert_eq!(refused.header("x-amzn-errortype"), Some(error_type));
    }
}

#[test]
fn failure_is_not_kept() {
    let world = world(json!({})).failing(r#"{"errorMessage":"Unauthorized"}"#);
    world.send(with_token("t", "/prod/pets"));
    let world = world.returning(&says("Allow", "*"));
    assert_eq!(world.send(with_token("t", "/prod/pets")).status, 200);
}

#[test]
fn wildcards_that_a_stranger_writes_do_not_widen_the_policy() {
    let world = world(json!({})).returning(&says("Allow", "*"));
    world.send(with_token("t", "/prod/pets/*"));
    let [event] = <[Value; 1]>::try_from(calls(&world)).unwrap();
    assert_eq!(event["methodArn"], format!("{ARN}/%2A"));
}

#[test]
fn resource_policy_and_authorizer_are_combined_as_for_one_account() {
    let with = |effect: &str, path: &str, answer: &str| {
        let statement =
            json!({"Effect": effect, "Principal": "*", "Action": "execute-api:Invoke", "Resource": path});
        let mut image = api(json!({}));
        image["restApi"] =
            json!({"policy": json!({"Version": "2012-10-17", "Statement": statement}).to_string()});
        let world = World::with(image, json!({"variables": {"color": "blue"}})).returning(answer);
        let outcome = world.send(with_token("t", "/prod/pets"));
        (outcome.status, outcome.last().0.to_owned(), calls(&world).len())
    };
    let (here, elsewhere) = ("execute-api:/prod/GET/pets", "execute-api:/prod/POST/*");
    let silent = says("Allow", "arn:aws:execute-api:*:*:other/*");
    let refused = |layer: &str, calls| (403, layer.to_owned(), calls);
    assert_eq!(with("Allow", here, &says("Allow", ARN)).0, 200);
    assert_eq!(with("Allow", elsewhere, &says("Allow", ARN)).0, 200);
    // Either side's permission suffices: an authorizer that is silent is outvoted.
    assert_eq!(with("Allow", here, &silent).0, 200);
    assert_eq!(with("Allow", elsewhere, &silent), refused("authorizer", 1));
    assert_eq!(with("Allow", here, &says("Deny", "*")), refused("authorizer", 1));
    // The policy's denial comes before the function is asked.
    assert_eq!(
        with("Deny", here, &says("Allow", "*")),
        refused("resource-policy", 0)
    );
}

#[test]
fn authorizer_that_only_observes_lets_on() {
    let image = api(json!({}));
    let stage = json!({"tags": {"portcullis:observe": "authorizer"}, "variables": {}});
    let world = World::with(image, stage).returning(&says("Deny", "*"));
    let admitted = world.send(with_token("t", "/prod/pets"));
    assert_eq!(admitted.status, 200);
    let step = admitted
        .trail
        .steps
        .iter()
        .find(|step| step.layer == "authorizer")
        .unwrap();
    assert_eq!(step.outcome, Outcome::ObserveRefuse);
}

#[test]
fn what_cannot_be_enforced_does_not_deploy() {
    for (authorizer, field, reason) in [
        (
            json!({"authorizerUri": "http://x"}),
            "authorizerUri",
            "names no function",
        ),
        (
            json!({"authorizerUri": uri("arn:aws:lambda:us-east-1:000000000000:function:${stageVariables.no}")}),
            "authorizerUri",
            "no variable `no`",
        ),
        (
            json!({"authorizerCredentials": "arn:aws:iam::000000000000:role/r"}),
            "authorizerCredentials",
            "leave the credentials out",
        ),
        (
            json!({"identitySource": "method.request.querystring.q"}),
            "identitySource",
            "use `method.request.header.NAME`",
        ),
        (
            json!({"identityValidationExpression": "("}),
            "identityValidationExpression",
            "regex",
        ),
        (
            json!({"authorizerResultTtlInSeconds": 3601}),
            "authorizerResultTtlInSeconds",
            "at most 3600",
        ),
        (
            json!({"type": "REQUEST", "identitySource": ""}),
            "identitySource",
            "name its sources",
        ),
        (
            json!({"type": "REQUEST", "identitySource": "method.request.path.id"}),
            "identitySource",
            "not supported",
        ),
        (
            json!({"type": "REQUEST", "identitySource": "stageVariables.no"}),
            "identitySource",
            "no such variable",
        ),
        (
            json!({"type": "COGNITO_USER_POOLS", "providerARNs": [pool_arn(POOL)]}),
            "authorizerId",
            "COGNITO_USER_POOLS",
        ),
    ] {
        let problems = compile(api(authorizer.clone()), json!({})).err().unwrap();
        let told = format!("{problems:?}");
        assert!(
            told.contains(field) && told.contains(reason),
            "{authorizer}: {told}"
        );
    }
}

/// Exchanges on one thread that miss for one identity ask once.
#[test]
fn misses_at_once_for_one_identity_ask_once() {
    struct Slow(Arc<ScriptedFunctions>);
    impl Functions for Slow {
        fn invoke(&self, invocation: Invocation) -> Invoked {
            let answer = self.0.invoke(invocation);
            Box::pin(async move {
                tokio::task::yield_now().await;
                tokio::task::yield_now().await;
                answer.await
            })
        }
    }
    let world = world(json!({})).returning(&says("Allow", "*"));
    let mut parts = world.parts.clone();
    parts.ports.functions = Arc::new(Slow(Arc::clone(&world.functions)));
    let gateway = Gateway::new(parts);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let statuses = runtime.block_on(async {
        let one = || async { gateway.handle(with_token("t", "/prod/pets")).await.status };
        let other = || async { gateway.handle(with_token("u", "/prod/pets")).await.status };
        tokio::join!(one(), one(), one(), other())
    });
    assert_eq!(statuses, (200, 200, 200, 200));
    assert_eq!(calls(&world).len(), 2);
}

/// The throttle is asked when the authorizer has answered: what others took meanwhile does not count against a moment that is past.
#[test]
fn slow_authorizer_does_not_make_its_callers_too_many() {
    let world = world(json!({})).returning(&says("Allow", "*"));
    let (clock, usage) = (Arc::clone(&world.clock), Arc::clone(&world.usage));
    *world.functions.meanwhile.lock().unwrap() = Some(Box::new(move || {
        clock.advance_seconds(10);
        let account = usage.account_bucket(&scope());
        assert!(account.take(usage.account_rate(), clock.now()));
    }));
    assert_eq!(world.send(with_token("t", "/prod/pets")).status, 200);
}
