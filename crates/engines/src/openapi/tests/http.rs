//! Documents as HTTP APIs.

use super::*;
use crate::openapi::http;

const SEED: &str = include_str!("seed_http.json");

fn planned(document: &Value) -> (http::HttpPlan, Vec<String>) {
    let document = Document::of(document.clone(), &[]).unwrap();
    let (plan, problems) = http::plan(&document, BasePath::Ignore);
    (plan, problems.iter().map(Problem::to_string).collect())
}

#[test]
fn a_document_becomes_routes_integrations_and_authorizers() {
    let (plan, problems) = planned(&serde_json::from_str(SEED).unwrap());
    assert_eq!(
        problems,
        [
            "inert: #/paths/~1pets~1{id}/get/parameters: HTTP APIs check no requests: `parameters` has no effect",
            "inert: #/paths/~1pets~1{id}/post/requestBody: HTTP APIs check no requests: `requestBody` has no effect",
        ]
    );
    assert_eq!(plan.api["tags"], json!({ "team": "blue" }));
    assert_eq!(plan.api["disableExecuteApiEndpoint"], true);
    assert_eq!(plan.api["corsConfiguration"]["maxAge"], 60);
    let routes: Vec<(&Value, &Value, Option<&str>)> = plan
        .routes
        .iter()
        .map(|route| {
            (
                &route.members["routeKey"],
                &route.members["authorizationType"],
                route.authorizer.as_deref(),
            )
        })
        .collect();
    assert_eq!(
        routes,
        [
            (&json!("$default"), &json!("CUSTOM"), Some("function")),
            (&json!("GET /pets/{id}"), &json!("JWT"), Some("tokens")),
            (&json!("POST /pets/{id}"), &json!("AWS_IAM"), None),
        ]
    );
    assert_eq!(
        plan.routes[1].members["authorizationScopes"],
        json!(["read", "all"])
    );
    assert_eq!(plan.integrations.len(), 2);
    assert_eq!(plan.routes[0].integration, plan.routes[2].integration);
    let function = &plan.authorizers[0].members;
    assert_eq!(
        function["identitySource"],
        json!(["$request.header.X-Key", "$context.stage"])
    );
    assert_eq!(function["authorizerPayloadFormatVersion"], "2.0");
    assert_eq!(function["authorizerResultTtlInSeconds"], 60);
    let tokens = &plan.authorizers[1].members;
    assert_eq!(tokens["jwtConfiguration"]["issuer"], "https://issuer.example/a");
}

#[test]
fn what_guards_a_rest_api_and_has_no_counterpart_is_refused() {
    for (pointer, value, told) in [
        (
            "x-amazon-apigateway-policy",
            json!({}),
            "#/x-amazon-apigateway-policy",
        ),
        (
            "x-amazon-apigateway-request-validator",
            json!("all"),
            "#/x-amazon-apigateway-request-validator",
        ),
        (
            "x-amazon-apigateway-gateway-responses",
            json!({}),
            "#/x-amazon-apigateway-gateway-responses",
        ),
        (
            "security",
            json!([{ "key": [] }]),
            "there is no security scheme `key`",
        ),
        ("security", json!([{}]), "an empty requirement"),
        (
            "security",
            json!([{ "tokens": [] }, { "function": [] }]),
            "a route has one authorization",
        ),
    ] {
        let mut document: Value = serde_json::from_str(SEED).unwrap();
        document["paths"]["/open"] = json!({ "get": {} });
        document[pointer] = value;
        let (_, problems) = planned(&document);
        assert!(
            problems.iter().any(|problem| problem.contains(told)),
            "{told}: {problems:?}"
        );
    }
    let mut keys: Value = serde_json::from_str(SEED).unwrap();
    keys["components"]["securitySchemes"]["key"] =
        json!({ "type": "apiKey", "name": "x-api-key", "in": "header" });
    assert!(
        planned(&keys)
            .1
            .iter()
            .any(|problem| problem.contains("HTTP APIs have no API keys"))
    );
}

#[test]
fn swagger_describes_no_http_api() {
    let (_, problems) = planned(&json!({ "swagger": "2.0", "paths": {} }));
    assert_eq!(
        problems,
        ["error: #: HTTP APIs are described by OpenAPI 3.0 alone"]
    );
}
