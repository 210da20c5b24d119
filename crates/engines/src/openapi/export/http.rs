//! An HTTP API as a document of OpenAPI 3.0.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-export.html>

use std::collections::BTreeMap;

use portcullis_model::resources::apigatewayv2::{
    AuthorizerPayloadFormat, DEFAULT_ROUTE, DEFAULT_STAGE, HttpApiImage, HttpAuthorizer, HttpAuthorizerKind,
    HttpIntegration, HttpRoute, RouteAuthorizationType,
};
use serde_json::{Map, Value, json};

use super::{SIGV4, members_of, set, signed_scheme};

/// What is exported, and how.
#[derive(Clone, Copy, Debug)]
pub struct HttpExport<'a> {
    pub image: &'a HttpApiImage,
    /// None: what the API is now, deployed or not.
    pub stage_name: Option<&'a str>,
    /// `{api}.execute-api.{region}.amazonaws.com`
    pub host: &'a str,
    /// The version of an API that has none.
    pub taken: &'a str,
    pub extensions: bool,
}

/// Writes the document.
pub fn export_http_api(export: &HttpExport<'_>) -> Result<Value, String> {
    let api = &export.image.api;
    let mut info = Map::new();
    set(&mut info, "title", api.name.clone());
    set(&mut info, "description", api.description.clone());
    set(
        &mut info,
        "version",
        api.version.clone().unwrap_or_else(|| export.taken.to_owned()),
    );
    let mut document = Map::new();
    document.insert("openapi".into(), "3.0.1".into());
    document.insert("info".into(), info.into());
    document.insert("servers".into(), servers(export));
    if export.extensions {
        let tags = api
            .tags
            .iter()
            .map(|(name, value)| json!({ "name": name, "x-amazon-apigateway-tag-value": value }));
        set(&mut document, "tags", tags.collect::<Vec<_>>());
    }
    document.insert("paths".into(), paths(export)?.into());
    let mut components = Map::new();
    set(&mut components, "securitySchemes", schemes(export));
    if export.extensions {
        let shared = export
            .image
            .integrations
            .iter()
            .filter(|it| uses(export, it) != 1);
        let shared = shared.map(|it| (component(it), integration(it).into()));
        set(
            &mut components,
            "x-amazon-apigateway-integrations",
            shared.collect::<Map<_, _>>(),
        );
        set(
            &mut document,
            "x-amazon-apigateway-cors",
            api.cors_configuration
                .as_ref()
                .map(members_of)
                .unwrap_or_default(),
        );
        document.insert("x-amazon-apigateway-importexport-version".into(), "1.0".into());
    }
    set(&mut document, "components", components);
    Ok(document.into())
}

fn servers(export: &HttpExport<'_>) -> Value {
    let stage = export.stage_name.filter(|name| *name != DEFAULT_STAGE);
    let base = stage.unwrap_or_default();
    let mut server = Map::new();
    server.insert(
        "url".into(),
        format!("https://{}/{{basePath}}", export.host).into(),
    );
    server.insert("variables".into(), json!({ "basePath": { "default": base } }));
    if export.extensions && export.image.api.disable_execute_api_endpoint {
        server.insert(
            "x-amazon-apigateway-endpoint-configuration".into(),
            json!({ "disableExecuteApiEndpoint": true }),
        );
    }
    json!([server])
}

fn paths(export: &HttpExport<'_>) -> Result<Map<String, Value>, String> {
    let mut paths: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for route in &export.image.routes {
        let (method, path) = route.route_key.split_once(' ').unwrap_or(("ANY", "/$default"));
        let name = if method == "ANY" {
            "x-amazon-apigateway-any-method".to_owned()
        } else {
            method.to_ascii_lowercase()
        };
        let item = paths.entry(path).or_default();
        item.insert(name, operation(export, route)?);
    }
    let paths = paths.into_iter();
    Ok(paths.map(|(path, item)| (path.to_owned(), item.into())).collect())
}

fn operation(export: &HttpExport<'_>, route: &HttpRoute) -> Result<Value, String> {
    let mut operation = Map::new();
    set(&mut operation, "operationId", route.operation_name.clone());
    let description = format!("Default response for {}", route.route_key);
    operation.insert(
        "responses".into(),
        json!({ "default": { "description": description } }),
    );
    if route.authorization_type == RouteAuthorizationType::AwsIam {
        operation.insert("security".into(), json!([{ SIGV4: [] }]));
    }
    if let Some(id) = &route.authorizer_id {
        let authorizers = &export.image.authorizers;
        let authorizer = authorizers
            .iter()
            .find(|authorizer| authorizer.authorizer_id == *id);
        let authorizer = authorizer.ok_or_else(|| format!("the authorizer `{id}` is not there"))?;
        let mut requirement = Map::new();
        requirement.insert(authorizer.name.clone(), json!(route.authorization_scopes));
        operation.insert("security".into(), json!([requirement]));
    }
    if !export.extensions {
        return Ok(operation.into());
    }
    if route.route_key == DEFAULT_ROUTE {
        operation.insert("isDefaultRoute".into(), true.into());
    }
    let target = route
        .target
        .as_deref()
        .and_then(|target| target.strip_prefix("integrations/"));
    let behind = export
        .image
        .integrations
        .iter()
        .find(|it| Some(it.integration_id.as_str()) == target);
    if let Some(behind) = behind {
        let written = if uses(export, behind) == 1 {
            integration(behind).into()
        } else {
            let component = component(behind);
            json!({ "$ref": format!("#/components/x-amazon-apigateway-integrations/{component}") })
        };
        operation.insert("x-amazon-apigateway-integration".into(), written);
    }
    Ok(operation.into())
}

/// Counts the routes that lead to an integration.
fn uses(export: &HttpExport<'_>, integration: &HttpIntegration) -> usize {
    let target = format!("integrations/{}", integration.integration_id);
    let routes = export.image.routes.iter();
    routes
        .filter(|route| route.target.as_ref() == Some(&target))
        .count()
}

fn component(integration: &HttpIntegration) -> String {
    format!("integration-{}", integration.integration_id)
}

/// Writes an integration's members under the extension's names for them.
fn integration(integration: &HttpIntegration) -> Map<String, Value> {
    let mut members = members_of(integration);
    members.remove("integrationId");
    for (from, to) in [
        ("integrationType", "type"),
        ("integrationMethod", "httpMethod"),
        ("integrationUri", "uri"),
        ("credentialsArn", "credentials"),
    ] {
        if let Some(value) = members.remove(from) {
            members.insert(to.into(), value);
        }
    }
    if integration.connection_id.is_some() {
        members.insert("connectionType".into(), "VPC_LINK".into());
    }
    if let Some(name) = members.remove("serverNameToVerify") {
        members.insert("tlsConfig".into(), json!({ "serverNameToVerify": name }));
    }
    members
}

fn schemes(export: &HttpExport<'_>) -> Map<String, Value> {
    let mut schemes = BTreeMap::new();
    let signed = |route: &HttpRoute| route.authorization_type == RouteAuthorizationType::AwsIam;
    if export.image.routes.iter().any(signed) {
        schemes.insert(SIGV4.to_owned(), signed_scheme());
    }
    for authorizer in &export.image.authorizers {
        schemes.insert(authorizer.name.clone(), scheme(authorizer, export.extensions));
    }
    schemes.into_iter().collect()
}

fn scheme(authorizer: &HttpAuthorizer, with_extensions: bool) -> Value {
    let mut members = Map::new();
    set(
        &mut members,
        "identitySource",
        authorizer.identity_source.join(","),
    );
    let mut scheme = Map::new();
    match &authorizer.kind {
        HttpAuthorizerKind::Jwt(jwt) => {
            scheme.insert("type".into(), "oauth2".into());
            members.insert("type".into(), "jwt".into());
            members.insert("jwtConfiguration".into(), members_of(jwt).into());
        }
        HttpAuthorizerKind::Request(function) => {
            let header = authorizer
                .identity_source
                .iter()
                .find_map(|source| source.strip_prefix("$request.header."));
            scheme.insert("type".into(), "apiKey".into());
            scheme.insert("name".into(), header.unwrap_or("Unused").into());
            scheme.insert("in".into(), "header".into());
            members.insert("type".into(), "request".into());
            members.insert("authorizerUri".into(), function.authorizer_uri.clone().into());
            let format = match function.payload_format {
                AuthorizerPayloadFormat::V1 => "1.0",
                AuthorizerPayloadFormat::V2 => "2.0",
            };
            members.insert("authorizerPayloadFormatVersion".into(), format.into());
            members.insert(
                "authorizerResultTtlInSeconds".into(),
                function.result_ttl_seconds.into(),
            );
            if function.payload_format == AuthorizerPayloadFormat::V2 {
                members.insert(
                    "enableSimpleResponses".into(),
                    function.enable_simple_responses.into(),
                );
            }
        }
    }
    if members.get("identitySource").is_some_and(|source| source == "") {
        members.remove("identitySource");
    }
    if with_extensions {
        scheme.insert("x-amazon-apigateway-authorizer".into(), members.into());
    }
    scheme.into()
}
