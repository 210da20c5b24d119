//! The operations of API Gateway as a caller meets them: by hand what the quickstart template makes.

use std::sync::Arc;

use portcullis_store::Store;
use serde_json::{Value, json};

use super::SERVICE;
use crate::{
    ControlParts,
    operation::AwsError,
    test_control::{call_operation, memory, parts_over, scope},
};

struct Client {
    parts: ControlParts,
}

impl Client {
    fn over(store: &Arc<dyn Store>) -> Self {
        Self {
            parts: parts_over(Arc::clone(store)),
        }
    }

    async fn call(&self, operation: &str, input: Value) -> Result<Value, AwsError> {
        call_operation(&self.parts, &SERVICE, operation, input).await
    }

    async fn done(&self, operation: &str, input: Value) -> Value {
        let answer = self.call(operation, input).await;
        answer.unwrap_or_else(|error| panic!("{operation}: {error:?}"))
    }

    async fn refused(&self, operation: &str, input: Value) -> (&'static str, String) {
        let error = self.call(operation, input).await.unwrap_err();
        (error.code, error.message)
    }
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

/// An API with a mock on `GET /hello`; returns its id, the root's and the resource's.
async fn with_hello(client: &Client) -> (String, String, String) {
    let api = client.done("CreateRestApi", json!({ "name": "one" })).await;
    let (api, root) = (text(&api, "id"), text(&api, "rootResourceId"));
    let resource = json!({ "restapi_id": api, "parent_id": root, "pathPart": "hello" });
    let resource = text(&client.done("CreateResource", resource).await, "id");
    let key = json!({ "restapi_id": api, "resource_id": resource, "http_method": "GET" });
    client
        .done("PutMethod", with(&key, json!({ "authorizationType": "NONE" })))
        .await;
    let status = with(&key, json!({ "status_code": "200" }));
    let declared = json!({ "responseParameters": { "method.response.header.X-One": false } });
    client.done("PutMethodResponse", with(&status, declared)).await;
    let templates =
        json!({ "type": "MOCK", "requestTemplates": { "application/json": "{\"statusCode\": 200}" } });
    client.done("PutIntegration", with(&key, templates)).await;
    let mapped = json!({ "responseParameters": { "method.response.header.X-One": "'1'" } });
    client.done("PutIntegrationResponse", with(&status, mapped)).await;
    (api, root, resource)
}

fn with(base: &Value, more: Value) -> Value {
    let mut all = base.clone();
    all.as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    all
}

fn patch(op: &str, path: &str, value: &str) -> Value {
    json!([{ "op": op, "path": path, "value": value }])
}

#[tokio::test]
async fn api_is_built_and_deployed_by_hand() {
    let client = Client::over(&memory());
    let (api, _, resource) = with_hello(&client).await;
    let deployed = json!({ "restapi_id": api, "stageName": "prod", "variables": { "color": "blue" } });
    let deployment = text(&client.done("CreateDeployment", deployed).await, "id");
    let stage = client
        .done("GetStage", json!({ "restapi_id": api, "stage_name": "prod" }))
        .await;
    assert_eq!(stage["deploymentId"], deployment.as_str());
    assert_eq!(stage["variables"]["color"], "blue");
    let method = json!({ "restapi_id": api, "resource_id": resource, "http_method": "GET" });
    let method = client.done("GetMethod", method).await;
    assert_eq!(
        method["methodIntegration"]["integrationResponses"]["200"]["statusCode"],
        "200"
    );
    let second = text(
        &client
            .done(
                "CreateDeployment",
                json!({ "restapi_id": api, "stageName": "prod" }),
            )
            .await,
        "id",
    );
    let stage = client
        .done("GetStage", json!({ "restapi_id": api, "stage_name": "prod" }))
        .await;
    assert_eq!(
        (text(&stage, "deploymentId"), &stage["variables"]["color"]),
        (second, &json!("blue"))
    );
    let gone = json!({ "restapi_id": api, "deployment_id": deployment });
    client.done("DeleteDeployment", gone).await;
    let in_use = json!({ "restapi_id": api, "deployment_id": stage["deploymentId"] });
    let (code, message) = client.refused("DeleteDeployment", in_use).await;
    assert_eq!(
        (code, message.as_str()),
        (
            "BadRequestException",
            "Active stages pointing to this deployment must be moved or deleted"
        )
    );
}

#[tokio::test]
async fn errors_have_the_words_of_aws() {
    let client = Client::over(&memory());
    let (api, root, resource) = with_hello(&client).await;
    let unknown = client.refused("GetRestApi", json!({ "restapi_id": "abc" })).await;
    assert_eq!(
        unknown,
        (
            "NotFoundException",
            "Invalid API identifier specified 000000000000:abc".into()
        )
    );
    let twice = json!({ "restapi_id": api, "parent_id": root, "pathPart": "hello" });
    let twice = client.refused("CreateResource", twice).await;
    assert_eq!(
        twice,
        (
            "ConflictException",
            "Another resource with the same parent already has this name: hello".into()
        )
    );
    let key = json!({ "restapi_id": api, "resource_id": resource, "http_method": "GET" });
    let again = client
        .refused("PutMethod", with(&key, json!({ "authorizationType": "NONE" })))
        .await;
    assert_eq!(
        again,
        (
            "ConflictException",
            "Method already exists for this resource".into()
        )
    );
    let other = json!({ "restapi_id": api, "resource_id": resource, "http_method": "POST" });
    let missing = client.refused("GetMethod", other.clone()).await;
    assert_eq!(
        missing,
        ("NotFoundException", "Invalid Method identifier specified".into())
    );
    let no_authorizer = with(&other, json!({ "authorizationType": "COGNITO_USER_POOLS" }));
    assert!(
        client
            .refused("PutMethod", no_authorizer)
            .await
            .1
            .starts_with("Invalid authorizer ID specified.")
    );
    let undeclared =
        json!({ "status_code": "200", "responseParameters": { "method.response.header.Y": "'1'" } });
    let undeclared = client
        .refused("PutIntegrationResponse", with(&key, undeclared))
        .await;
    assert!(
        undeclared
            .1
            .contains("Invalid mapping expression parameter specified: method.response.header.Y")
    );
}

#[tokio::test]
async fn what_has_no_effect_is_refused_by_name() {
    let client = Client::over(&memory());
    let (api, _, resource) = with_hello(&client).await;
    let key = json!({ "restapi_id": api, "resource_id": resource, "http_method": "POST" });
    for (operation, input, field) in [
        (
            "PutIntegration",
            with(&key, json!({ "type": "MOCK", "integrationTarget": "x" })),
            "integrationTarget",
        ),
        (
            "CreateAuthorizer",
            json!({ "restapi_id": api, "name": "l", "type": "TOKEN", "authorizerCredentials": "arn:aws:iam::000000000000:role/r" }),
            "authorizerCredentials",
        ),
        (
            "CreateDeployment",
            json!({ "restapi_id": api, "tracingEnabled": true }),
            "tracingEnabled",
        ),
    ] {
        let (code, message) = client.refused(operation, input).await;
        assert_eq!(code, "BadRequestException");
        assert!(
            message.starts_with(&format!("`{field}` is not supported")),
            "{operation}: {message}"
        );
    }
}

#[tokio::test]
async fn deployment_that_cannot_be_served_is_refused_with_every_problem() {
    let client = Client::over(&memory());
    let empty = text(
        &client.done("CreateRestApi", json!({ "name": "empty" })).await,
        "id",
    );
    let nothing = client
        .refused("CreateDeployment", json!({ "restapi_id": empty }))
        .await;
    assert_eq!(nothing.1, "The REST API doesn't contain any methods");
    let (api, _, resource) = with_hello(&client).await;
    let key = json!({ "restapi_id": api, "resource_id": resource, "http_method": "GET" });
    let operations = json!({ "patchOperations": patch("replace", "/operationName", "cannot") });
    client.done("UpdateMethod", with(&key, operations)).await;
    let refused = client
        .refused("CreateDeployment", json!({ "restapi_id": api }))
        .await;
    assert!(refused.1.contains("this cannot be served"), "{}", refused.1);
}

#[tokio::test]
async fn patch_operations_change_what_they_name() {
    let client = Client::over(&memory());
    let (api, _, resource) = with_hello(&client).await;
    let operations = json!([
        { "op": "replace", "path": "/name", "value": "two" },
        { "op": "add", "path": "/binaryMediaTypes/image~1png" },
        { "op": "replace", "path": "/endpointConfiguration/types/EDGE", "value": "REGIONAL" },
        { "op": "replace", "path": "/disableExecuteApiEndpoint", "value": "true" },
    ]);
    let changed = client
        .done(
            "UpdateRestApi",
            json!({ "restapi_id": api, "patchOperations": operations }),
        )
        .await;
    assert_eq!(changed["name"], "two");
    assert_eq!(changed["binaryMediaTypes"], json!(["image/png"]));
    assert_eq!(changed["endpointConfiguration"]["types"], json!(["REGIONAL"]));
    assert_eq!(changed["disableExecuteApiEndpoint"], true);
    let key = json!({ "restapi_id": api, "resource_id": resource, "http_method": "GET" });
    let operations =
        json!({ "patchOperations": patch("add", "/requestParameters/method.request.header.X", "true") });
    let method = client.done("UpdateMethod", with(&key, operations)).await;
    assert_eq!(method["requestParameters"]["method.request.header.X"], true);
    let operations = json!({ "patchOperations": patch("replace", "/timeoutInMillis", "1000") });
    let integration = client.done("UpdateIntegration", with(&key, operations)).await;
    assert_eq!(integration["timeoutInMillis"], 1000);
    assert!(integration["integrationResponses"]["200"].is_object());
    let moved = json!({ "restapi_id": api, "resource_id": resource, "patchOperations": patch("replace", "/pathPart", "hallo") });
    assert_eq!(client.done("UpdateResource", moved).await["path"], "/hallo");
    let wrong = json!({ "restapi_id": api, "patchOperations": patch("replace", "/colour", "x") });
    let (code, message) = client.refused("UpdateRestApi", wrong).await;
    assert_eq!(code, "BadRequestException");
    assert!(
        message.starts_with("Invalid patch path  '/colour' specified for op 'replace'."),
        "{message}"
    );
    client
        .done(
            "CreateDeployment",
            json!({ "restapi_id": api, "stageName": "prod" }),
        )
        .await;
    let operations = patch("replace", "/variables/color", "red");
    let stage = json!({ "restapi_id": api, "stage_name": "prod", "patchOperations": operations });
    assert_eq!(
        client.done("UpdateStage", stage).await["variables"]["color"],
        "red"
    );
    let kind = json!({ "restapi_id": api, "response_type": "UNAUTHORIZED" });
    let operations = json!({ "patchOperations": patch("replace", "/statusCode", "403") });
    let response = client
        .done("UpdateGatewayResponse", with(&kind, operations))
        .await;
    assert_eq!(
        (&response["statusCode"], &response["defaultResponse"]),
        (&json!("403"), &json!(false))
    );
}

#[tokio::test]
async fn listings_come_in_pages() {
    let client = Client::over(&memory());
    let (api, root, _) = with_hello(&client).await;
    for part in ["a", "b", "c", "d"] {
        client
            .done(
                "CreateResource",
                json!({ "restapi_id": api, "parent_id": root, "pathPart": part }),
            )
            .await;
    }
    let (mut seen, mut position) = (Vec::new(), Value::Null);
    loop {
        let mut input = json!({ "restapi_id": api, "limit": "2", "embed": ["methods"] });
        if let Some(position) = position.as_str() {
            input["position"] = position.into();
        }
        let page = client.done("GetResources", input).await;
        assert!(page["item"].as_array().unwrap().len() <= 2);
        seen.extend(
            page["item"]
                .as_array()
                .unwrap()
                .iter()
                .map(|one| text(one, "path")),
        );
        position = page["position"].clone();
        if position.is_null() {
            break;
        }
    }
    seen.sort();
    assert_eq!(seen, ["/", "/a", "/b", "/c", "/d", "/hello"]);
    let all = client
        .done("GetGatewayResponses", json!({ "restapi_id": api }))
        .await;
    assert_eq!(all["item"].as_array().unwrap().len(), 21);
    let models = client.done("GetModels", json!({ "restapi_id": api })).await;
    let names: Vec<String> = models["item"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| text(one, "name"))
        .collect();
    assert_eq!(names, ["Empty", "Error"]);
    let template = async |name: &str| {
        let input = json!({ "restapi_id": api, "model_name": name });
        text(&client.done("GetModelTemplate", input).await, "value")
    };
    assert_eq!(
        template("Empty").await,
        "#set($inputRoot = $input.path('$'))\n{ }"
    );
    assert!(template("Error").await.contains("\"message\" : \"foo\""));
    let unknown = json!({ "restapi_id": api, "model_name": "None" });
    assert_eq!(
        client.refused("GetModelTemplate", unknown).await.0,
        "NotFoundException"
    );
}

#[tokio::test]
async fn deleted_api_takes_everything_of_it_along() {
    let store = memory();
    let client = Client::over(&store);
    let (api, ..) = with_hello(&client).await;
    client
        .done(
            "CreateDeployment",
            json!({ "restapi_id": api, "stageName": "prod" }),
        )
        .await;
    client
        .done(
            "CreateModel",
            json!({ "restapi_id": api, "name": "Pet", "contentType": "application/json", "schema": "{}" }),
        )
        .await;
    client
        .done(
            "PutGatewayResponse",
            json!({ "restapi_id": api, "response_type": "UNAUTHORIZED", "statusCode": "403" }),
        )
        .await;
    client.done("DeleteRestApi", json!({ "restapi_id": api })).await;
    for kind in portcullis_store::kinds::ALL {
        let page = portcullis_store::Page::all("");
        let records = store.list(&scope(), *kind, page).await.unwrap();
        assert!(records.is_empty(), "{}", kind.name);
    }
}

#[tokio::test]
async fn request_validators_are_made_changed_used_and_kept_while_in_use() {
    let client = Client::over(&memory());
    let (api, _, resource) = with_hello(&client).await;
    let made = json!({ "restapi_id": api, "name": "all", "validateRequestBody": true });
    let made = client.done("CreateRequestValidator", made).await;
    let id = text(&made, "id");
    let expected =
        json!({ "id": id, "name": "all", "validateRequestBody": true, "validateRequestParameters": false });
    assert_eq!(made, expected);
    let one = json!({ "restapi_id": api, "requestvalidator_id": id });
    assert_eq!(client.done("GetRequestValidator", one.clone()).await, expected);
    let operations = json!({ "patchOperations": patch("replace", "/validateRequestParameters", "true") });
    let changed = client
        .done("UpdateRequestValidator", with(&one, operations))
        .await;
    assert_eq!(changed["validateRequestParameters"], true);
    let listed = client
        .done("GetRequestValidators", json!({ "restapi_id": api }))
        .await;
    assert_eq!(listed["item"], json!([changed]));
    let key = json!({ "restapi_id": api, "resource_id": resource, "http_method": "GET" });
    let unknown = json!({ "patchOperations": patch("replace", "/requestValidatorId", "none") });
    let (code, message) = client.refused("UpdateMethod", with(&key, unknown)).await;
    assert_eq!(
        (code, message.as_str()),
        (
            "BadRequestException",
            "Invalid Request Validator identifier specified"
        )
    );
    let operations = json!({ "patchOperations": patch("replace", "/requestValidatorId", &id) });
    let method = client.done("UpdateMethod", with(&key, operations)).await;
    assert_eq!(method["requestValidatorId"], id.as_str());
    let in_use = client.refused("DeleteRequestValidator", one.clone()).await;
    assert_eq!(in_use.0, "ConflictException");
    let operations = json!({ "patchOperations": patch("remove", "/requestValidatorId", "") });
    client.done("UpdateMethod", with(&key, operations)).await;
    client.done("DeleteRequestValidator", one.clone()).await;
    let gone = client.refused("GetRequestValidator", one).await;
    assert_eq!(
        gone,
        (
            "NotFoundException",
            "Invalid Request Validator identifier specified".into()
        )
    );
}

#[tokio::test]
async fn models_are_compiled_when_they_are_made_and_kept_while_others_refer_to_them() {
    let client = Client::over(&memory());
    let (api, ..) = with_hello(&client).await;
    let model = |name: &str, schema: Value| json!({ "restapi_id": api, "name": name, "contentType": "application/json", "schema": schema.to_string() });
    for (schema, part) in [
        (json!({ "type": "strin" }), "/type"),
        (
            json!({ "$schema": "http://json-schema.org/draft-03/schema#" }),
            "use draft 4",
        ),
        (json!({ "pattern": "(?=a)b" }), "linear time"),
        (
            json!({ "$ref": "http://169.254.169.254/" }),
            "nothing else is read",
        ),
        (
            json!({ "$ref": format!("https://apigateway.amazonaws.com/restapis/{api}/models/Later") }),
            "no model of this API",
        ),
    ] {
        let (code, message) = client.refused("CreateModel", model("Pet", schema)).await;
        assert_eq!(code, "BadRequestException");
        assert!(
            message.contains("Invalid model schema specified.") && message.contains(part),
            "{message}"
        );
    }
    client
        .done("CreateModel", model("Tag", json!({ "enum": ["new"] })))
        .await;
    let refers = json!({ "properties": { "tag": { "$ref": format!("https://apigateway.amazonaws.com/restapis/{api}/models/Tag") } } });
    client.done("CreateModel", model("Pet", refers)).await;
    let tag = json!({ "restapi_id": api, "model_name": "Tag" });
    let (code, message) = client.refused("DeleteModel", tag.clone()).await;
    assert_eq!(
        (code, message.as_str()),
        (
            "ConflictException",
            "Cannot delete model 'Tag', is referenced in model 'Pet'"
        )
    );
    let wrong = json!({ "patchOperations": patch("replace", "/schema", "{\"type\": 1}") });
    assert_eq!(
        client.refused("UpdateModel", with(&tag, wrong)).await.0,
        "BadRequestException"
    );
    client
        .done("DeleteModel", json!({ "restapi_id": api, "model_name": "Pet" }))
        .await;
    client.done("DeleteModel", tag).await;
}

#[test]
fn every_operation_file_is_in_the_list() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/services/apigateway");
    let others = ["mod", "errors", "patch", "input", "tagging", "wire", "tests"];
    let files = std::fs::read_dir(folder).unwrap().filter_map(|entry| {
        let name = entry.unwrap().file_name().into_string().unwrap();
        name.strip_suffix(".rs").map(str::to_owned)
    });
    let files = files.filter(|name| !others.contains(&name.as_str())).count();
    assert_eq!(files, SERVICE.operations.len());
}

#[tokio::test]
async fn private_api_is_deployed_with_a_policy_alone() {
    let client = Client::over(&memory());
    let refused = client
        .refused(
            "CreateRestApi",
            json!({ "name": "x", "endpointConfiguration": { "types": ["REGIONAL"], "vpcEndpointIds": ["vpce-00000001"] } }),
        )
        .await;
    assert_eq!(refused.0, "BadRequestException");
    let (api, _, _) = with_hello(&client).await;
    let change = |operations: Value| json!({ "restapi_id": api, "patchOperations": operations });
    let to_private = json!([
        { "op": "replace", "path": "/endpointConfiguration/types/EDGE", "value": "PRIVATE" },
        { "op": "add", "path": "/endpointConfiguration/vpcEndpointIds", "value": "vpce-00000001" },
    ]);
    let changed = client.done("UpdateRestApi", change(to_private)).await;
    assert_eq!(
        changed["endpointConfiguration"],
        json!({ "types": ["PRIVATE"], "ipAddressType": "ipv4", "vpcEndpointIds": ["vpce-00000001"] })
    );
    let refused = client
        .refused("CreateDeployment", json!({ "restapi_id": api }))
        .await;
    assert_eq!(
        refused,
        (
            "BadRequestException",
            "Private REST API doesn't have a resource policy attached to it".to_owned()
        )
    );
    let policy = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*",
    }] });
    let with_policy = json!([{ "op": "replace", "path": "/policy", "value": policy.to_string() }]);
    client.done("UpdateRestApi", change(with_policy)).await;
    client
        .done("CreateDeployment", json!({ "restapi_id": api }))
        .await;
    let to_edge =
        json!([{ "op": "replace", "path": "/endpointConfiguration/types/PRIVATE", "value": "EDGE" }]);
    let (code, message) = client.refused("UpdateRestApi", change(to_edge)).await;
    assert_eq!(code, "BadRequestException");
    assert!(!message.is_empty());
}
