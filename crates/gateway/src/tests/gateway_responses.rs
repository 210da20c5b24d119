//! Gateway responses: built in, customised, and by default of their class.

use super::*;

fn world(responses: Value) -> World {
    let mut guarded = open(mock("x"));
    merge(
        &mut guarded,
        json!({"authorizationType": "COGNITO_USER_POOLS", "authorizerId": "auth1"}),
    );
    World::with(
        json!({
            "resources": [resource("/x", json!({"GET": guarded}))],
            "authorizers": [{
                "id": "auth1", "name": "users", "type": "COGNITO_USER_POOLS", "providerARNs": [pool_arn(POOL)],
            }],
            "gatewayResponses": responses,
        }),
        json!({"variables": {"color": "red"}}),
    )
}

#[test]
fn built_in_answers_are_aws_s() {
    let world = world(json!([]));
    let outcome = world.get("/prod/x");
    assert_eq!(
        (outcome.status, outcome.body.as_str()),
        (401, "{\"message\":\"Unauthorized\"}")
    );
    assert_eq!(outcome.header("content-type"), Some("application/json"));
    let names: Vec<_> = outcome
        .headers
        .iter()
        .map(|(name, _)| String::from_utf8_lossy(name).into_owned())
        .collect();
    assert_eq!(
        names,
        [
            "Content-Type",
            "x-amzn-ErrorType",
            "x-amzn-RequestId",
            "x-amz-apigw-id"
        ]
    );
}

#[test]
fn own_customisation_beats_the_default_of_the_class() {
    let world = world(json!([
        {
            "responseType": "UNAUTHORIZED", "statusCode": "418",
            "responseParameters": {
                "gatewayresponse.header.Access-Control-Allow-Origin": "'*'",
                "gatewayresponse.header.X-Path": "method.request.querystring.q",
                "gatewayresponse.header.X-Stage": "context.stage",
                "gatewayresponse.header.X-Color": "stageVariables.color",
                "gatewayresponse.header.X-None": "method.request.header.None",
            },
            "responseTemplates": {
                "application/json": "{\"message\":$context.error.messageString,\"type\":\"$context.error.responseType\"}",
                "text/plain": "no: $context.error.message",
            },
        },
        {"responseType": "DEFAULT_4XX", "statusCode": "400"},
    ]));
    let outcome = world.get("/prod/x?q=a%20b");
    assert_eq!(outcome.status, 418);
    assert_eq!(
        outcome.body,
        "{\"message\":\"Unauthorized\",\"type\":\"UNAUTHORIZED\"}"
    );
    assert_eq!(outcome.header("access-control-allow-origin"), Some("*"));
    assert_eq!(outcome.header("x-path"), Some("a b"));
    assert_eq!(outcome.header("x-stage"), Some("prod"));
    assert_eq!(outcome.header("x-color"), Some("red"));
    assert_eq!(outcome.header("x-none"), None);
    let outcome = world.send(request("GET", "/prod/x", &[("Accept", "text/plain")]));
    assert_eq!(
        (outcome.body.as_str(), outcome.header("content-type")),
        ("no: Unauthorized", Some("text/plain"))
    );
}

#[test]
fn default_of_the_class_applies_to_every_other_type() {
    let world = world(json!([
        {"responseType": "DEFAULT_4XX", "responseTemplates": {"application/json": "{\"oops\":$context.error.messageString}"}},
        {"responseType": "DEFAULT_5XX", "statusCode": "503"},
    ]));
    let outcome = world.get("/prod/x");
    assert_eq!(
        (outcome.status, outcome.body.as_str()),
        (401, "{\"oops\":\"Unauthorized\"}")
    );
    let outcome = world.get("/prod/none");
    assert_eq!(
        (outcome.status, outcome.body.as_str()),
        (403, "{\"oops\":\"Missing Authentication Token\"}")
    );
    let token = KEY.sign_jwt("kid1", &json!({"iss": issuer(POOL)})).unwrap();
    let outcome = world.send(request("GET", "/prod/x", &[("Authorization", &token)]));
    assert_eq!(
        (outcome.status, outcome.body.as_str()),
        (503, "{\"message\":null}")
    );
}

#[test]
fn nothing_of_the_api_shapes_what_precedes_its_stage() {
    let world = world(
        json!([{"responseType": "ACCESS_DENIED", "statusCode": "200"}, {"responseType": "DEFAULT_4XX", "statusCode": "200"}]),
    );
    assert_eq!(world.get("/dev/x").status, 403);
}

#[test]
fn value_that_no_header_can_carry_never_turns_a_refusal_into_something_else() {
    let world = world(json!([{
        "responseType": "UNAUTHORIZED",
        "responseParameters": {"gatewayresponse.header.X-Q": "method.request.querystring.q"},
    }]));
    let outcome = world.get("/prod/x?q=a%0d%0aSet-Cookie:x");
    assert_eq!((outcome.status, outcome.header("x-q")), (401, None));
}
