//! What a plan says, and what is refused.

use super::*;
use crate::openapi::Version;

fn parsed(text: &str) -> Result<Document, Vec<String>> {
    let shown = |problems: Vec<Problem>| problems.iter().map(Problem::to_string).collect::<Vec<_>>();
    Document::parse(text, &[("AWS::Region", "eu-west-1")])
        .map(|(document, _)| document)
        .map_err(shown)
}

#[test]
fn yaml_and_json_are_read_with_the_variables_of_aws_written_out() {
    let yaml = "openapi: 3.0.1\ninfo: {title: 'in ${AWS::Region}', version: 1.0}\npaths: {}\n";
    let document = parsed(yaml).unwrap();
    assert_eq!(document.version, Version::OpenApi3);
    let options = Options {
        api_id: "abc",
        base_path: BasePath::default(),
    };
    let (plan, _) = rest::plan(&document, &options);
    assert_eq!(plan.api["name"], "in eu-west-1");
    assert_eq!(plan.api["version"], "1.0");
}

#[test]
fn versions_that_api_gateway_does_not_read_are_refused() {
    for (text, told) in [
        ("{\"swagger\": \"1.2\"}", "`1.2` is not supported"),
        ("{\"openapi\": \"3.1.0\"}", "`3.1.0` is not supported"),
        ("{\"paths\": {}}", "neither `swagger` nor `openapi`"),
        ("- 1", "neither `swagger` nor `openapi`"),
        ("swagger: '2.0'\nhost: !Ref Host\n", "short forms"),
    ] {
        let problems = parsed(text).unwrap_err().join("\n");
        assert!(problems.contains(told), "{text}: {problems}");
    }
}

#[test]
fn a_problem_names_its_pointer_and_its_line() {
    let text = "openapi: 3.0.1\ninfo: {title: a, version: 1}\npaths:\n  /pets:\n    get:\n      x-amazon-apigateway-nonsense: 1\n";
    let document = parsed(text).unwrap();
    let options = Options {
        api_id: "abc",
        base_path: BasePath::default(),
    };
    let (_, problems) = rest::plan(&document, &options);
    let shown: Vec<String> = problems.iter().map(Problem::to_string).collect();
    assert_eq!(
        shown,
        [
            "6:7: error: #/paths/~1pets/get/x-amazon-apigateway-nonsense: `x-amazon-apigateway-nonsense` is not supported at this place"
        ]
    );
}

#[test]
fn a_scheme_that_says_nothing_of_callers_refuses_the_document() {
    let mut document = with_operation(&json!({ "security": [{ "bearer": [] }] }));
    document["components"] =
        json!({ "securitySchemes": { "bearer": { "type": "http", "scheme": "bearer" } } });
    let (_, problems) = planned(&document);
    assert!(
        problems[0].contains("nothing here says who may call behind `bearer`"),
        "{problems:?}"
    );
}

#[test]
fn root_security_holds_for_operations_without_their_own() {
    let mut document = json!({
        "openapi": "3.0.1",
        "info": { "title": "one", "version": "1" },
        "paths": { "/a": { "get": {} }, "/b": { "get": { "security": [] } }, "/c": { "get": { "security": [{ "key": [] }, { "pool": ["b"] }] } } },
        "security": [{ "pool": ["a"] }],
    });
    document["components"] = json!({ "securitySchemes": {
        "key": { "type": "apiKey", "name": "X-API-Key", "in": "header" },
        "pool": {
            "type": "apiKey", "name": "Token", "in": "header", "x-amazon-apigateway-authtype": "cognito_user_pools",
            "x-amazon-apigateway-authorizer": { "type": "cognito_user_pools", "providerARNs": ["arn"] },
        },
    } });
    let (plan, problems) = planned(&document);
    assert_eq!(problems, Vec::<String>::new());
    let of = |index: usize| &plan.paths[index].methods[0];
    assert_eq!(of(0).members["authorizationType"], "COGNITO_USER_POOLS");
    assert_eq!(of(0).members["authorizationScopes"], json!(["a"]));
    assert_eq!(of(1).members["authorizationType"], "NONE");
    assert_eq!(of(1).authorizer, None);
    assert_eq!(of(2).members["apiKeyRequired"], true);
    assert_eq!(of(2).authorizer.as_deref(), Some("pool"));
    assert_eq!(
        plan.authorizers[0].members["identitySource"],
        "method.request.header.Token"
    );
}

#[test]
fn what_would_leave_a_method_open_by_mistake_is_refused() {
    let schemes = json!({ "securitySchemes": {
        "one": { "type": "apiKey", "name": "A", "in": "header", "x-amazon-apigateway-authorizer": { "type": "token" } },
        "two": { "type": "apiKey", "name": "A", "in": "header", "x-amazon-apigateway-authorizer": { "type": "token" } },
        "iam": { "type": "apiKey", "name": "Authorization", "in": "header", "x-amazon-apigateway-authtype": "awsSigv4" },
    } });
    for (operation, told) in [
        (json!({ "security": [{}] }), "an empty requirement"),
        (
            json!({ "security": [{ "one": [] }, { "two": [] }] }),
            "a method has one authorizer",
        ),
        (
            json!({ "security": [{ "one": [] }, { "iam": [] }] }),
            "a method has one authorization",
        ),
        (
            json!({ "security": [{ "nobody": [] }] }),
            "there is no security scheme `nobody`",
        ),
        (json!({ "security": { "one": [] } }), "`security` must be a list"),
        (
            json!({ "security": [{ "iam": [] }], "x-amazon-apigateway-auth": { "type": "none" } }),
            "leave one out",
        ),
        (
            json!({ "x-amazon-apigateway-auth": { "type": "basic" } }),
            "is no type here",
        ),
        (
            json!({ "x-amazon-apigateway-request-validator": "gone" }),
            "has no `gone`",
        ),
    ] {
        let mut document = with_operation(&operation);
        document["components"] = schemes.clone();
        let (_, problems) = planned(&document);
        assert!(
            problems.iter().any(|problem| problem.contains(told)),
            "{operation}: {problems:?}"
        );
    }
}

#[test]
fn parameters_of_path_and_operation_become_those_of_the_method() {
    let document = json!({
        "openapi": "3.0.1",
        "info": { "title": "one", "version": "1" },
        "components": { "parameters": { "Shop": { "name": "shop", "in": "query", "required": true } } },
        "paths": { "/pets/{id}/{rest+}": {
            "parameters": [{ "name": "X-A", "in": "header", "required": true }, { "$ref": "#/components/parameters/Shop" }],
            "get": {
                "parameters": [
                    { "name": "X-A", "in": "header" },
                    { "name": "tags", "in": "query", "schema": { "type": "array" } },
                ],
                "x-amazon-apigateway-integration": {
                    "type": "http",
                    "requestParameters": { "integration.request.querystring.t": "method.request.multivaluequerystring.tags" },
                },
            },
        } },
    });
    let (plan, problems) = planned(&document);
    assert_eq!(problems, Vec::<String>::new());
    assert_eq!(
        plan.paths[0].methods[0].members["requestParameters"],
        json!({
            "method.request.path.id": true,
            "method.request.path.rest": true,
            "method.request.header.X-A": false,
            "method.request.querystring.shop": true,
            "method.request.querystring.tags": false,
            "method.request.multivaluequerystring.tags": false,
        })
    );
}

#[test]
fn schemas_become_models_and_references_between_them() {
    let document = json!({
        "swagger": "2.0",
        "info": { "title": "one", "version": "1" },
        "consumes": ["application/json", "text/json"],
        "definitions": { "Pet": { "type": "object", "properties": { "kind": { "$ref": "#/definitions/Kind/properties/name" } } }, "Kind": { "properties": { "name": { "type": "string" } } } },
        "paths": { "/pets": { "post": {
            "parameters": [{ "in": "body", "name": "pet", "schema": { "type": "array", "items": { "$ref": "#/definitions/Pet" } } }],
            "responses": { "200": { "schema": { "$ref": "#/definitions/Pet" } }, "default": { "description": "else" } },
        } } },
    });
    let (plan, problems) = planned(&document);
    assert_eq!(problems, Vec::<String>::new());
    let names: Vec<&str> = plan.models.iter().map(|part| part.name.as_str()).collect();
    assert_eq!((names.len(), names[0], names[2]), (3, "Kind", "Pet"));
    assert!(names[1].starts_with("MODEL"));
    let schema: Value = serde_json::from_str(plan.models[2].members["schema"].as_str().unwrap()).unwrap();
    assert_eq!(
        schema["properties"]["kind"]["$ref"],
        "https://apigateway.amazonaws.com/restapis/abc/models/Kind#/properties/name"
    );
    let method = &plan.paths[0].methods[0];
    assert_eq!(
        method.members["requestModels"],
        json!({ "application/json": names[1], "text/json": names[1] })
    );
    assert_eq!(method.responses.len(), 1);
    assert_eq!(
        method.responses[0].members["responseModels"],
        json!({ "application/json": "Pet" })
    );
}

#[test]
fn references_that_lead_nowhere_are_refused() {
    for target in [
        "#/components/schemas/Gone",
        "https://example.org/pet.json",
        "#/paths",
        "pet.json",
    ] {
        let (_, problems) = method(&json!({
            "requestBody": { "content": { "application/json": { "schema": { "$ref": target } } } },
        }));
        assert!(
            problems
                .iter()
                .any(|problem| problem.contains("is no schema of this document")),
            "{target}"
        );
    }
    let mut round = with_operation(&json!({ "requestBody": { "$ref": "#/components/requestBodies/A" } }));
    round["components"] = json!({ "requestBodies": { "A": { "$ref": "#/components/requestBodies/A" } } });
    assert!(planned(&round).1[0].contains("without end"));
}

#[test]
fn an_integration_is_written_in_the_operations_words() {
    let (method, problems) = method(&json!({ "x-amazon-apigateway-integration": {
        "type": "aws_proxy", "httpMethod": "post", "uri": "arn", "passthroughBehavior": "when_no_templates",
        "contentHandling": "convert_to_text", "timeoutInMillis": "5000", "payloadFormatVersion": 1.0,
        "requestParameters": { "integration.request.header.a": true },
        "responses": { "default": { "statusCode": 200 }, "4\\d{2}": { "statusCode": "400", "contentHandling": "CONVERT_TO_BINARY" } },
    } }));
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0]
            .contains("Expected type string for property 'integration.request.header.a' but got 'true'")
    );
    assert_eq!(
        Value::from(method.integration.unwrap().members),
        json!({
            "type": "AWS_PROXY", "httpMethod": "POST", "uri": "arn", "passthroughBehavior": "WHEN_NO_TEMPLATES",
            "contentHandling": "CONVERT_TO_TEXT", "timeoutInMillis": 5000,
        })
    );
    assert_eq!(
        method.integration_responses[0].members,
        crate::openapi::Members::new()
    );
    assert_eq!(
        method.integration_responses[1].members["selectionPattern"],
        "4\\d{2}"
    );
}

#[test]
fn members_of_an_integration_that_nobody_acts_on_are_refused() {
    for (member, value) in [
        ("integrationSubtype", json!("EventBridge-PutEvents")),
        ("payloadFormatVersion", json!("2.0")),
        ("responseParameters", json!({})),
        ("nonsense", json!(1)),
    ] {
        let (_, problems) =
            method(&json!({ "x-amazon-apigateway-integration": { "type": "mock", member: value } }));
        assert_eq!(problems.len(), 1, "{member}");
        assert!(
            problems[0].contains(&format!("x-amazon-apigateway-integration/{member}")),
            "{problems:?}"
        );
    }
}

#[test]
fn base_paths_are_taken_as_asked() {
    let swagger =
        json!({ "swagger": "2.0", "basePath": "/a/b/c", "info": {}, "paths": { "/e": {}, "/": {} } });
    let by_variable = json!({
        "openapi": "3.0.1", "info": {}, "paths": { "/e": {}, "/": {} },
        "servers": [{ "url": "https://x/{basePath}", "variables": { "basePath": { "default": "a/b/c" } } }],
    });
    let by_url = json!({
        "openapi": "3.0.1", "info": {}, "paths": { "/e": {}, "/": {} },
        "servers": [{ "url": "https://x.org/{v}/b/c", "variables": { "v": { "default": "a" } } }],
    });
    for document in [swagger, by_variable, by_url] {
        for (base_path, expected) in [
            (BasePath::Ignore, ["/e", "/"]),
            (BasePath::Prepend, ["/a/b/c/e", "/a/b/c"]),
            (BasePath::Split, ["/b/c/e", "/b/c"]),
        ] {
            let read = Document::of(document.clone(), &[]).unwrap();
            let (plan, _) = rest::plan(
                &read,
                &Options {
                    api_id: "abc",
                    base_path,
                },
            );
            let paths: Vec<&str> = plan.paths.iter().map(|path| path.path.as_str()).collect();
            assert_eq!(paths, expected, "{document}");
        }
    }
}
