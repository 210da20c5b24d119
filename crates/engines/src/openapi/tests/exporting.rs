//! What a document says of an API, and what it cannot say.

use portcullis_model::resources::{apigateway::ApiImage, apigatewayv2::HttpApiImage};

use super::*;
use crate::openapi::{
    Version,
    export::{Extensions, HttpExport, RestExport, export_http_api, export_rest_api},
};

fn image(methods: Value) -> ApiImage {
    let policy = json!({
        "Statement": {
            "Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke",
            "Resource": ["arn:aws:execute-api:here:1:abc/prod/*", "arn:aws:execute-api:here:1:other/*"],
            "Condition": { "ArnLike": { "aws:SourceArn": "arn:aws:execute-api:here:1:abc/*" } },
        },
    });
    serde_json::from_value(json!({
        "restApi": {
            "id": "abc", "name": "one", "createdDate": 0, "rootResourceId": "r", "apiKeySource": "HEADER",
            "endpointTypes": ["EDGE"], "policy": policy.to_string(),
        },
        "resources": [{ "id": "r", "path": "/", "resourceMethods": methods }],
        "authorizers": [], "models": [], "gatewayResponses": [],
    }))
    .unwrap()
}

fn exported(image: &ApiImage, version: Version, extensions: Extensions) -> Result<Value, String> {
    export_rest_api(&RestExport {
        image,
        stage_name: "prod",
        host: "abc.example",
        deployed: "2026-01-01T00:00:00Z",
        version,
        extensions,
    })
}

fn method(more: &Value) -> Value {
    let mut method = json!({ "httpMethod": "GET", "authorizationType": "NONE" });
    method
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    json!({ "GET": method })
}

#[test]
fn the_policy_means_the_api_that_is_made_of_the_document() {
    let document = exported(&image(json!({})), Version::OpenApi3, Extensions::ALL).unwrap();
    let statement = &document["x-amazon-apigateway-policy"]["Statement"];
    assert_eq!(
        statement["Resource"],
        json!(["execute-api:/prod/*", "arn:aws:execute-api:here:1:other/*"])
    );
    assert_eq!(
        statement["Condition"]["ArnLike"]["aws:SourceArn"],
        "arn:aws:execute-api:here:1:abc/*"
    );
    assert_eq!(document["info"]["version"], "2026-01-01T00:00:00Z");
}

#[test]
fn what_a_document_cannot_say_is_refused() {
    let two_models = method(&json!({ "requestModels": { "application/json": "A", "text/json": "B" } }));
    let refused = exported(&image(two_models.clone()), Version::Swagger2, Extensions::ALL).unwrap_err();
    assert!(
        refused.contains("`GET /` has another model for each content type"),
        "{refused}"
    );
    exported(&image(two_models), Version::OpenApi3, Extensions::ALL).unwrap();

    let two_defaults = method(&json!({ "methodIntegration": {
        "type": "MOCK", "integrationResponses": { "200": { "statusCode": "200" }, "400": { "statusCode": "400" } },
    } }));
    let refused = exported(&image(two_defaults.clone()), Version::OpenApi3, Extensions::ALL).unwrap_err();
    assert!(
        refused.contains("two integration responses for `default`"),
        "{refused}"
    );
    exported(&image(two_defaults), Version::OpenApi3, Extensions::default()).unwrap();
}

#[test]
fn extensions_are_those_that_were_asked_for() {
    assert_eq!(Extensions::parse("apigateway"), Ok(Extensions::ALL));
    assert_eq!(Extensions::parse(""), Ok(Extensions::default()));
    assert!(Extensions::parse("integrations, validators").unwrap().validators);
    for word in ["postman", "documentation", "nonsense"] {
        assert!(Extensions::parse(word).unwrap_err().contains(word));
    }
}

#[test]
fn integrations_of_http_apis_are_shared_and_private_ones_keep_their_link() {
    let integration = |id: &str, more: &Value| {
        let mut members = json!({
            "integrationId": id, "integrationType": "HTTP_PROXY", "integrationMethod": "GET", "integrationUri": "arn",
            "payloadFormatVersion": "1.0", "timeoutInMillis": 1000,
        });
        members
            .as_object_mut()
            .unwrap()
            .extend(more.as_object().unwrap().clone());
        members
    };
    let image: HttpApiImage = serde_json::from_value(json!({
        "api": { "apiId": "abc", "name": "one", "createdDate": 0, "routeSelectionExpression": "" },
        "routes": [
            { "routeId": "1", "routeKey": "GET /a", "target": "integrations/shared" },
            { "routeId": "2", "routeKey": "ANY /b", "target": "integrations/shared" },
            { "routeId": "3", "routeKey": "$default", "target": "integrations/private" },
        ],
        "integrations": [
            integration("shared", &json!({})),
            integration("private", &json!({ "connectionId": "link", "serverNameToVerify": "back.example" })),
        ],
        "authorizers": [],
    }))
    .unwrap();
    let document = export_http_api(&HttpExport {
        image: &image,
        stage_name: None,
        host: "abc.example",
        taken: "now",
        extensions: true,
    })
    .unwrap();
    let behind =
        |path: &str, method: &str| &document["paths"][path][method]["x-amazon-apigateway-integration"];
    let shared = json!({ "$ref": "#/components/x-amazon-apigateway-integrations/integration-shared" });
    assert_eq!(*behind("/a", "get"), shared);
    assert_eq!(*behind("/b", "x-amazon-apigateway-any-method"), shared);
    let private = behind("/$default", "x-amazon-apigateway-any-method");
    assert_eq!(private["connectionType"], "VPC_LINK");
    assert_eq!(
        private["tlsConfig"],
        json!({ "serverNameToVerify": "back.example" })
    );

    let read = Document::of(document, &[]).unwrap();
    let (plan, problems) = crate::openapi::http::plan(&read, BasePath::Ignore);
    assert_eq!(problems, Vec::new());
    let link = plan
        .integrations
        .iter()
        .find(|part| part.members.contains_key("connectionId"));
    assert_eq!(
        link.unwrap().members["tlsConfig"],
        json!({ "serverNameToVerify": "back.example" })
    );
}
