//! CORS of a REST API: an `OPTIONS` method of a mock, the same header on the other methods, and on refusals.

use super::*;

const HEADERS: &str = "Content-Type,Authorization";

/// What "Enable CORS" makes on AWS, on a path whose `POST` needs a token and a body.
fn world() -> World {
    let origin = "method.response.header.Access-Control-Allow-Origin";
    let headers = "method.response.header.Access-Control-Allow-Headers";
    let methods = "method.response.header.Access-Control-Allow-Methods";
    let preflight = json!({
        "httpMethod": "OPTIONS", "authorizationType": "NONE",
        "methodResponses": {"200": {"statusCode": "200", "responseParameters": {origin: false, headers: false, methods: false}}},
        "methodIntegration": {
            // CDK writes it like this, without quotes.
            "type": "MOCK", "requestTemplates": {"application/json": "{ statusCode: 200 }"},
            "integrationResponses": {"200": {"statusCode": "200", "responseParameters": {
                origin: "'https://app.example'", headers: format!("'{HEADERS}'"), methods: "'OPTIONS,POST'",
            }}},
        },
    });
    let mut post = open(mock("made"));
    merge(
        &mut post,
        json!({
            "httpMethod": "POST", "authorizationType": "COGNITO_USER_POOLS", "authorizerId": "a",
            "requestValidatorId": "v", "requestModels": {"application/json": "Pet"},
            "methodResponses": {"200": {"statusCode": "200", "responseParameters": {origin: false}}},
        }),
    );
    post["methodIntegration"]["integrationResponses"]["200"]["responseParameters"] =
        json!({origin: "'https://app.example'"});
    let on_refusals = json!({"gatewayresponse.header.Access-Control-Allow-Origin": "'https://app.example'"});
    World::serving(json!({
        "resources": [resource("/pets", json!({"OPTIONS": preflight, "POST": post}))],
        "authorizers": [{"id": "a", "name": "users", "type": "COGNITO_USER_POOLS", "providerARNs": [pool_arn(POOL)]}],
        "requestValidators": [{"id": "v", "validateRequestBody": true}],
        "models": [{"id": "m", "name": "Pet", "contentType": "application/json", "schema": "{\"required\": [\"name\"]}"}],
        "gatewayResponses": [
            {"responseType": "DEFAULT_4XX", "responseParameters": on_refusals},
            {"responseType": "DEFAULT_5XX", "responseParameters": on_refusals},
        ],
    }))
    .with_pool(pool(POOL, "kid1", &KEY))
}

fn token() -> String {
    let claims = json!({
        "iss": issuer(POOL), "sub": "s", "aud": "client", "token_use": "id", "auth_time": NOW, "iat": NOW, "exp": NOW + 600,
    });
    KEY.sign_jwt("kid1", &claims).unwrap()
}

#[test]
fn preflight_is_answered_without_a_token() {
    let asked = [
        ("Origin", "https://app.example"),
        ("Access-Control-Request-Method", "POST"),
        ("Access-Control-Request-Headers", "authorization,content-type"),
    ];
    let outcome = world().send(request("OPTIONS", "/prod/pets", &asked));
    assert_eq!((outcome.status, outcome.body.as_str()), (200, ""));
    assert_eq!(
        outcome.header("access-control-allow-origin"),
        Some("https://app.example")
    );
    assert_eq!(outcome.header("access-control-allow-headers"), Some(HEADERS));
    assert_eq!(
        outcome.header("access-control-allow-methods"),
        Some("OPTIONS,POST")
    );
}

#[test]
fn calls_and_refusals_carry_the_header_that_lets_a_page_read_them() {
    let world = world();
    let token = token();
    let signed_in: &[(&'static str, &str)] = &[("Authorization", &token)];
    for (target, headers, body, status) in [
        ("/prod/pets", signed_in, "{\"name\": \"a\"}", 200),
        ("/prod/pets", &[], "{\"name\": \"a\"}", 401),
        ("/prod/pets", signed_in, "{}", 400),
        ("/prod/none", signed_in, "{}", 403),
    ] {
        let outcome = world.send(with_body(request("POST", target, headers), body));
        assert_eq!(outcome.status, status, "{target}: {:?}", outcome.last());
        let origins: Vec<_> = outcome.headers.all("access-control-allow-origin").collect();
        assert_eq!(origins, [b"https://app.example"], "{target} {status}");
    }
}

#[test]
fn refusals_of_class_5_carry_it_too() {
    let mut broken = open(mock("x"));
    broken["methodIntegration"]["requestTemplates"] = json!({"application/json": "{}"});
    let world = World::serving(json!({
        "resources": [resource("/x", json!({"GET": broken}))],
        "gatewayResponses": [{
            "responseType": "DEFAULT_5XX",
            "responseParameters": {"gatewayresponse.header.Access-Control-Allow-Origin": "'*'"},
        }],
    }));
    let outcome = world.get("/prod/x");
    assert_eq!(
        (outcome.status, outcome.header("access-control-allow-origin")),
        (500, Some("*"))
    );
}
