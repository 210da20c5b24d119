//! From records to AWS's JSON. Moments are ISO 8601; a listing's items are `items`.

use portcullis_model::resources::{
    apigatewayv2::{
        HttpApi, HttpAuthorizer, HttpAuthorizerKind, HttpDeployment, HttpIntegration, HttpRoute, HttpStage,
    },
    custom_domains::{BasePathMapping, NO_BASE_PATH},
    vpc_links::HttpVpcLink,
};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::records::{api_endpoint, authorizer::format_name, import::Imported, route::authorization_name};
use crate::{operation::Call, services::apigateway::records::Listed};

/// Renders the empty answer.
pub(super) fn nothing() -> Value {
    Value::Object(Map::new())
}

/// Renders a page.
pub(super) fn list<T>(listed: &Listed<T>, render: impl Fn(&T) -> Value) -> Value {
    let items: Vec<Value> = listed.items.iter().map(render).collect();
    let mut answer = json!({ "items": items });
    set(&mut answer, "nextToken", listed.position.as_ref());
    answer
}

fn set<T: Serialize>(answer: &mut Value, name: &str, value: Option<T>) {
    if let (Some(object), Some(value)) = (answer.as_object_mut(), value) {
        object.insert(name.to_owned(), serde_json::to_value(value).unwrap_or_default());
    }
}

/// Renders an API.
pub(super) fn api(call: &Call<'_>, api: &HttpApi) -> Value {
    let mut answer = json!({
        "apiId": api.api_id,
        "apiEndpoint": api_endpoint(&api.api_id, call.scope),
        "apiKeySelectionExpression": "$request.header.x-api-key",
        "createdDate": api.created_date.iso8601(),
        "disableExecuteApiEndpoint": api.disable_execute_api_endpoint,
        "ipAddressType": "ipv4",
        "name": api.name,
        "protocolType": "HTTP",
        "routeSelectionExpression": api.route_selection_expression,
        "tags": api.tags,
    });
    set(&mut answer, "corsConfiguration", api.cors_configuration.as_ref());
    set(&mut answer, "description", api.description.as_ref());
    set(&mut answer, "version", api.version.as_ref());
    answer
}

/// Renders an API that a document made, with what was noticed.
pub(super) fn imported(call: &Call<'_>, imported: &Imported) -> Value {
    let mut answer = api(call, &imported.api);
    for (name, told) in [
        ("warnings", &imported.warnings),
        ("importInfo", &imported.information),
    ] {
        if !told.is_empty() {
            set(&mut answer, name, Some(told));
        }
    }
    answer
}

/// Renders a route.
pub(super) fn route(route: &HttpRoute) -> Value {
    let mut answer = json!({
        "routeId": route.route_id,
        "routeKey": route.route_key,
        "apiKeyRequired": false,
        "authorizationType": authorization_name(route.authorization_type),
    });
    set(&mut answer, "target", route.target.as_ref());
    set(&mut answer, "authorizerId", route.authorizer_id.as_ref());
    set(&mut answer, "operationName", route.operation_name.as_ref());
    if !route.authorization_scopes.is_empty() {
        set(
            &mut answer,
            "authorizationScopes",
            Some(&route.authorization_scopes),
        );
    }
    answer
}

/// Renders an integration.
pub(super) fn integration(integration: &HttpIntegration) -> Value {
    let mut answer = serde_json::to_value(integration).unwrap_or_default();
    let is_private = integration.connection_id.is_some();
    let connection = if is_private { "VPC_LINK" } else { "INTERNET" };
    set(&mut answer, "connectionType", Some(connection));
    set(&mut answer, "connectionId", integration.connection_id.as_ref());
    let name = integration.server_name_to_verify.as_ref();
    let tls = name.map(|name| json!({ "serverNameToVerify": name }));
    set(&mut answer, "tlsConfig", tls);
    answer
}

/// Renders an authorizer.
pub(super) fn authorizer(authorizer: &HttpAuthorizer) -> Value {
    let mut answer = json!({
        "authorizerId": authorizer.authorizer_id,
        "identitySource": authorizer.identity_source,
        "name": authorizer.name,
    });
    match &authorizer.kind {
        HttpAuthorizerKind::Jwt(settings) => {
            set(&mut answer, "authorizerType", Some("JWT"));
            set(&mut answer, "jwtConfiguration", Some(settings));
        }
        HttpAuthorizerKind::Request(function) => {
            let format = format_name(function.payload_format);
            set(&mut answer, "authorizerType", Some("REQUEST"));
            set(&mut answer, "authorizerUri", Some(&function.authorizer_uri));
            set(&mut answer, "authorizerPayloadFormatVersion", Some(format));
            let ttl = function.result_ttl_seconds;
            set(&mut answer, "authorizerResultTtlInSeconds", Some(ttl));
            let simple = function.enable_simple_responses;
            set(&mut answer, "enableSimpleResponses", Some(simple));
        }
    }
    answer
}

/// Renders a deployment.
pub(super) fn deployment(deployment: &HttpDeployment) -> Value {
    let mut answer = json!({
        "autoDeployed": deployment.auto_deployed,
        "createdDate": deployment.created_date.iso8601(),
        "deploymentId": deployment.deployment_id,
        "deploymentStatus": "DEPLOYED",
    });
    set(&mut answer, "description", deployment.description.as_ref());
    answer
}

/// Renders a stage.
pub(super) fn stage(stage: &HttpStage) -> Value {
    let mut answer = json!({
        "autoDeploy": stage.auto_deploy,
        "createdDate": stage.created_date.iso8601(),
        "defaultRouteSettings": stage.default_route_settings,
        "lastUpdatedDate": stage.last_updated_date.iso8601(),
        "routeSettings": stage.route_settings,
        "stageName": stage.stage_name,
        "stageVariables": stage.stage_variables,
        "tags": stage.tags,
    });
    set(
        &mut answer,
        "accessLogSettings",
        stage.access_log_settings.as_ref(),
    );
    set(&mut answer, "deploymentId", stage.deployment_id.as_ref());
    set(&mut answer, "description", stage.description.as_ref());
    let message = stage.last_deployment_status_message.as_ref();
    set(&mut answer, "lastDeploymentStatusMessage", message);
    answer
}

/// Renders a VPC link.
pub(super) fn vpc_link(link: &HttpVpcLink) -> Value {
    json!({
        "vpcLinkId": link.vpc_link_id,
        "name": link.name,
        "createdDate": link.created_date.iso8601(),
        "securityGroupIds": link.security_group_ids,
        "subnetIds": link.subnet_ids,
        "tags": link.tags,
        "vpcLinkStatus": "AVAILABLE",
        "vpcLinkVersion": "V2",
    })
}

/// Renders a mapping of a custom domain.
pub(super) fn api_mapping(mapping: &BasePathMapping) -> Value {
    let mut answer = json!({ "apiMappingId": mapping.id, "apiId": mapping.rest_api_id });
    let key = Some(&mapping.base_path).filter(|path| *path != NO_BASE_PATH);
    set(&mut answer, "apiMappingKey", key);
    set(&mut answer, "stage", mapping.stage.as_ref());
    answer
}
