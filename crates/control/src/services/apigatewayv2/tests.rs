//! The operations of HTTP APIs as a caller meets them.

use serde_json::{Value, json};

use super::SERVICE;
use crate::{
    ControlParts,
    operation::AwsError,
    test_control::{call_operation, memory, parts_over},
};

struct Client {
    parts: ControlParts,
}

impl Client {
    fn new() -> Self {
        Self {
            parts: parts_over(memory()),
        }
    }

    async fn call(&self, operation: &str, input: Value) -> Result<Value, AwsError> {
        call_operation(&self.parts, &SERVICE, operation, input).await
    }

    async fn done(&self, operation: &str, input: Value) -> Value {
        let answer = self.call(operation, input).await;
        answer.unwrap_or_else(|error| panic!("{operation}: {error:?}"))
    }

    async fn id(&self, operation: &str, input: Value, member: &str) -> String {
        self.done(operation, input).await[member]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Makes an API with an integration, and returns both ids.
    async fn api(&self) -> (String, String) {
        let api = self
            .id(
                "CreateApi",
                json!({"name": "api", "protocolType": "HTTP"}),
                "apiId",
            )
            .await;
        let integration = self
            .id(
                "CreateIntegration",
                json!({"apiId": api, "integrationType": "HTTP_PROXY", "integrationMethod": "ANY",
                       "integrationUri": "https://backend.example/"}),
                "integrationId",
            )
            .await;
        (api, integration)
    }

    async fn stage(&self, api: &str, name: &str) -> Value {
        self.done("GetStage", json!({"apiId": api, "stageName": name}))
            .await
    }
}

#[tokio::test]
async fn stage_with_auto_deploy_takes_every_change_and_keeps_the_last_that_can_be_served() {
    let client = Client::new();
    let (api, integration) = client.api().await;
    let made = client
        .done(
            "CreateStage",
            json!({"apiId": api, "stageName": "$default", "autoDeploy": true}),
        )
        .await;
    let empty = made["deploymentId"].clone();
    assert!(empty.is_string());
    let route = client
        .id(
            "CreateRoute",
            json!({"apiId": api, "routeKey": "GET /x", "target": format!("integrations/{integration}")}),
            "routeId",
        )
        .await;
    let first = client.stage(&api, "$default").await;
    assert_ne!(first["deploymentId"], empty);
    let deployments = client.done("GetDeployments", json!({"apiId": api})).await;
    assert_eq!(deployments["items"].as_array().unwrap().len(), 1, "{deployments}");
    assert_eq!(deployments["items"][0]["autoDeployed"], true);
    // A route without a target cannot be served.
    client
        .done("CreateRoute", json!({"apiId": api, "routeKey": "GET /y"}))
        .await;
    let kept = client.stage(&api, "$default").await;
    assert_eq!(kept["deploymentId"], first["deploymentId"]);
    let message = kept["lastDeploymentStatusMessage"].as_str().unwrap();
    assert!(message.contains("GET /y: this cannot be served"), "{message}");
    client
        .done("DeleteRoute", json!({"apiId": api, "routeId": route}))
        .await;
    let refused = client
        .call(
            "UpdateStage",
            json!({"apiId": api, "stageName": "$default", "deploymentId": "x"}),
        )
        .await;
    assert_eq!(refused.unwrap_err().code, "BadRequestException");
    let off = json!({"apiId": api, "stageName": "$default", "autoDeploy": false});
    let off = client.done("UpdateStage", off).await;
    assert_eq!(off["deploymentId"], first["deploymentId"]);
}

#[tokio::test]
async fn deployment_is_made_once_and_pointed_at() {
    let client = Client::new();
    let (api, integration) = client.api().await;
    let empty = client
        .call("CreateDeployment", json!({"apiId": api}))
        .await
        .unwrap_err();
    assert!(empty.message.contains("no routes exist"), "{}", empty.message);
    let target = format!("integrations/{integration}");
    client
        .done(
            "CreateRoute",
            json!({"apiId": api, "routeKey": "$default", "target": target}),
        )
        .await;
    let deployment = client
        .id(
            "CreateDeployment",
            json!({"apiId": api, "stageName": "dev"}),
            "deploymentId",
        )
        .await;
    assert_eq!(
        client.stage(&api, "dev").await["deploymentId"],
        deployment.as_str()
    );
    let used = client
        .call(
            "DeleteDeployment",
            json!({"apiId": api, "deploymentId": deployment}),
        )
        .await;
    assert!(used.unwrap_err().message.contains("Active stages"));
    client
        .done("DeleteStage", json!({"apiId": api, "stageName": "dev"}))
        .await;
    client
        .done(
            "DeleteDeployment",
            json!({"apiId": api, "deploymentId": deployment}),
        )
        .await;
}

#[tokio::test]
async fn page_of_a_length_that_is_no_number_is_refused() {
    let client = Client::new();
    client.api().await;
    let listed = client.done("GetApis", json!({"maxResults": "1"})).await;
    assert_eq!(listed["items"].as_array().unwrap().len(), 1);
    for length in [json!("abc"), json!("-1"), json!("")] {
        let refused = client
            .call("GetApis", json!({"maxResults": length}))
            .await
            .unwrap_err();
        assert!(refused.message.contains("`maxResults`"), "{refused:?}");
    }
}

#[tokio::test]
async fn quick_create_makes_integration_route_and_stage() {
    let client = Client::new();
    let input = json!({"name": "quick", "protocolType": "HTTP", "target": "https://backend.example/"});
    let api = client.id("CreateApi", input, "apiId").await;
    let routes = client.done("GetRoutes", json!({"apiId": api})).await;
    assert_eq!(routes["items"][0]["routeKey"], "$default");
    let integrations = client.done("GetIntegrations", json!({"apiId": api})).await;
    assert_eq!(
        integrations["items"][0]["integrationUri"],
        "https://backend.example/"
    );
    assert!(client.stage(&api, "$default").await["deploymentId"].is_string());
    client.done("DeleteApi", json!({"apiId": api})).await;
    let gone = client
        .call("GetStage", json!({"apiId": api, "stageName": "$default"}))
        .await;
    assert_eq!(gone.unwrap_err().code, "NotFoundException");
}

#[tokio::test]
#[allow(clippy::too_many_lines, reason = "a table of cases")]
async fn what_could_not_be_enforced_is_refused_by_name() {
    let client = Client::new();
    let (api, integration) = client.api().await;
    let jwt = |changes: Value| {
        let mut input = json!({"apiId": api, "name": "a", "authorizerType": "JWT",
            "identitySource": ["$request.header.Authorization"],
            "jwtConfiguration": {"issuer": "https://issuer.example", "audience": ["app"]}});
        input
            .as_object_mut()
            .unwrap()
            .extend(changes.as_object().unwrap().clone());
        input
    };
    let request = |changes: Value| {
        let mut input = json!({"apiId": api, "name": "a", "authorizerType": "REQUEST",
            "authorizerPayloadFormatVersion": "2.0", "authorizerUri": "arn:aws:apigateway:x",
            "identitySource": ["$request.header.X"]});
        input
            .as_object_mut()
            .unwrap()
            .extend(changes.as_object().unwrap().clone());
        input
    };
    for (operation, input, said) in [
        (
            "CreateApi",
            json!({"name": "a", "protocolType": "WEBSOCKET"}),
            "`protocolType`",
        ),
        (
            "CreateApi",
            json!({"name": "", "protocolType": "HTTP"}),
            "API name",
        ),
        (
            "CreateApi",
            json!({"name": "a", "corsConfiguration": {"allowOrigins": ["*"], "allowCredentials": true}}),
            "corsConfiguration/allowCredentials",
        ),
        (
            "CreateApi",
            json!({"name": "a", "target": "arn:aws:sqs:x"}),
            "function ARN",
        ),
        (
            "CreateApi",
            json!({"name": "a", "routeSelectionExpression": "$request.body.x"}),
            "routeSelection",
        ),
        (
            "CreateRoute",
            json!({"apiId": api, "routeKey": "GET"}),
            "route key",
        ),
        (
            "CreateRoute",
            json!({"apiId": api, "routeKey": "FETCH /x"}),
            "route key",
        ),
        (
            "CreateRoute",
            json!({"apiId": api, "routeKey": "GET /x", "target": "integrations/no"}),
            "target",
        ),
        (
            "CreateRoute",
            json!({"apiId": api, "routeKey": "GET /x", "authorizationType": "AWS_IAM", "authorizationScopes": ["a"]}),
            "Scopes",
        ),
        (
            "CreateRoute",
            json!({"apiId": api, "routeKey": "GET /x", "authorizationType": "JWT"}),
            "authorizer ID",
        ),
        (
            "CreateRoute",
            json!({"apiId": api, "routeKey": "GET /x", "authorizerId": "x"}),
            "no effect",
        ),
        (
            "CreateRoute",
            json!({"apiId": api, "routeKey": "GET /x", "authorizationScopes": ["a"]}),
            "only valid",
        ),
        (
            "CreateRoute",
            json!({"apiId": api, "routeKey": "GET /x", "authorizationType": "JWT", "authorizerId": "x"}),
            "authorizer ID",
        ),
        (
            "CreateRoute",
            json!({"apiId": api, "routeKey": "GET /x", "apiKeyRequired": true}),
            "`apiKeyRequired`",
        ),
        (
            "CreateIntegration",
            json!({"apiId": api, "integrationType": "AWS_PROXY", "integrationUri": "arn:aws:lambda:x", "payloadFormatVersion": "3.0"}),
            "payloadFormatVersion",
        ),
        (
            "CreateIntegration",
            json!({"apiId": api, "integrationType": "MOCK"}),
            "HTTP_PROXY",
        ),
        (
            "CreateIntegration",
            json!({"apiId": api, "integrationType": "HTTP_PROXY"}),
            "integrationMethod",
        ),
        (
            "UpdateIntegration",
            json!({"apiId": api, "integrationId": integration, "timeoutInMillis": 30_001}),
            "Timeout",
        ),
        (
            "UpdateIntegration",
            json!({"apiId": api, "integrationId": integration, "connectionType": "VPC_LINK"}),
            "connectionId must be specified",
        ),
        (
            "UpdateIntegration",
            json!({"apiId": api, "integrationId": integration, "integrationUri": "ftp://x"}),
            "endpoint",
        ),
        (
            "CreateAuthorizer",
            jwt(json!({"authorizerType": "REQUEST"})),
            "`jwtConfiguration`",
        ),
        (
            "CreateAuthorizer",
            jwt(json!({"identitySource": []})),
            "Exactly one",
        ),
        (
            "CreateAuthorizer",
            jwt(json!({"identitySource": ["$request.header."]})),
            "identity source",
        ),
        (
            "CreateAuthorizer",
            jwt(json!({"identitySource": ["$context.x"]})),
            "identity source",
        ),
        (
            "CreateAuthorizer",
            jwt(json!({"jwtConfiguration": {"issuer": "https://x"}})),
            "audiences",
        ),
        (
            "CreateAuthorizer",
            jwt(json!({"jwtConfiguration": {"issuer": "x", "audience": ["a"]}})),
            "issuer",
        ),
        (
            "CreateAuthorizer",
            jwt(json!({"enableSimpleResponses": true})),
            "`enableSimpleResponses`",
        ),
        (
            "CreateAuthorizer",
            request(json!({"authorizerPayloadFormatVersion": null})),
            "PayloadFormatVersion",
        ),
        (
            "CreateAuthorizer",
            request(json!({"authorizerPayloadFormatVersion": "1.0", "enableSimpleResponses": true})),
            "EnableSimpleResponses",
        ),
        (
            "CreateAuthorizer",
            request(json!({"authorizerResultTtlInSeconds": 60, "identitySource": []})),
            "at least one identity source",
        ),
        (
            "CreateAuthorizer",
            request(json!({"identitySource": ["method.request.header.X"]})),
            "identity source",
        ),
        (
            "CreateAuthorizer",
            request(json!({"authorizerCredentialsArn": "arn:aws:iam::0:role/x"})),
            "`authorizerCredentialsArn`",
        ),
        (
            "CreateAuthorizer",
            request(json!({"identityValidationExpression": ".*"})),
            "`identityValidationExpression`",
        ),
        (
            "CreateStage",
            json!({"apiId": api, "stageName": "a", "defaultRouteSettings": {"loggingLevel": "INFO"}}),
            "`loggingLevel`",
        ),
        (
            "CreateStage",
            json!({"apiId": api, "stageName": "a", "defaultRouteSettings": {"throttlingRateLimit": -1}}),
            "throttlingRateLimit",
        ),
        (
            "TagResource",
            json!({"resourceArn": format!("arn:aws:apigateway:us-east-1::/apis/{api}"), "tags": {"aws:x": ""}}),
            "Invalid tag",
        ),
        (
            "CreateStage",
            json!({"apiId": api, "stageName": "a b"}),
            "Stage name",
        ),
        (
            "CreateStage",
            json!({"apiId": api, "stageName": "a", "autoDeploy": true, "deploymentId": "d"}),
            "autoDeploy",
        ),
    ] {
        let refused = client.call(operation, input.clone()).await.unwrap_err();
        assert_eq!(refused.code, "BadRequestException", "{input}");
        assert!(refused.message.contains(said), "{input}: {}", refused.message);
    }
}

#[tokio::test]
async fn what_is_used_cannot_be_deleted_and_names_are_not_taken_twice() {
    let client = Client::new();
    let (api, integration) = client.api().await;
    let authorizer = json!({"apiId": api, "name": "users", "authorizerType": "JWT",
        "identitySource": ["$request.header.Authorization"],
        "jwtConfiguration": {"issuer": "https://issuer.example", "audience": ["app"]}});
    let id = client
        .id("CreateAuthorizer", authorizer.clone(), "authorizerId")
        .await;
    assert!(
        client
            .call("CreateAuthorizer", authorizer)
            .await
            .unwrap_err()
            .message
            .contains("unique")
    );
    let route = json!({"apiId": api, "routeKey": "GET /x", "target": format!("integrations/{integration}"),
        "authorizationType": "JWT", "authorizerId": id, "authorizationScopes": ["read"]});
    let route_id = client.id("CreateRoute", route.clone(), "routeId").await;
    assert_eq!(
        client.call("CreateRoute", route).await.unwrap_err().code,
        "ConflictException"
    );
    let used = json!({"apiId": api, "authorizerId": id});
    assert_eq!(
        client
            .call("DeleteAuthorizer", used.clone())
            .await
            .unwrap_err()
            .code,
        "ConflictException"
    );
    let used_integration = json!({"apiId": api, "integrationId": integration});
    let refused = client.call("DeleteIntegration", used_integration.clone()).await;
    assert_eq!(refused.unwrap_err().code, "ConflictException");
    client
        .done("DeleteRoute", json!({"apiId": api, "routeId": route_id}))
        .await;
    client.done("DeleteAuthorizer", used).await;
    client.done("DeleteIntegration", used_integration).await;
}
