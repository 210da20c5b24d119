//! A REST API as a document of Swagger 2.0 or OpenAPI 3.0.

use std::collections::BTreeMap;

use portcullis_model::resources::apigateway::{ApiImage, Authorizer, AuthorizerType, Model};
use serde_json::{Map, Value, json};

use super::{Extensions, SIGV4, members_of, rest_method, set, signed_scheme};
use crate::{json_schema::model_url, openapi::Version};

/// What is exported, and how.
#[derive(Clone, Copy, Debug)]
pub struct RestExport<'a> {
    pub image: &'a ApiImage,
    pub stage_name: &'a str,
    /// `{api}.execute-api.{region}.amazonaws.com`
    pub host: &'a str,
    /// When the image was taken: the version of an API that has none.
    pub deployed: &'a str,
    pub version: Version,
    pub extensions: Extensions,
}

/// The name of the scheme of API keys.
pub(super) const API_KEY: &str = "api_key";

/// Writes the document, or says what of the API it cannot express.
pub fn export_rest_api(export: &RestExport<'_>) -> Result<Value, String> {
    let mut document = Map::new();
    let api = &export.image.rest_api;
    let mut info = Map::new();
    set(&mut info, "title", api.name.clone());
    set(&mut info, "description", api.description.clone());
    set(
        &mut info,
        "version",
        api.version.clone().unwrap_or_else(|| export.deployed.to_owned()),
    );
    match export.version {
        Version::Swagger2 => {
            document.insert("swagger".into(), "2.0".into());
            document.insert("info".into(), info.into());
            document.insert("host".into(), export.host.into());
            document.insert("basePath".into(), format!("/{}", export.stage_name).into());
            document.insert("schemes".into(), json!(["https"]));
        }
        Version::OpenApi3 => {
            document.insert("openapi".into(), "3.0.1".into());
            document.insert("info".into(), info.into());
            document.insert("servers".into(), servers(export));
        }
    }
    document.insert("paths".into(), paths(export)?.into());
    let (schemes, schemas) = (schemes(export), schemas(export)?);
    if export.version == Version::Swagger2 {
        set(&mut document, "securityDefinitions", schemes);
        set(&mut document, "definitions", schemas);
    } else {
        let mut components = Map::new();
        set(&mut components, "schemas", schemas);
        set(&mut components, "securitySchemes", schemes);
        set(&mut document, "components", components);
    }
    if export.extensions.settings {
        settings(export, &mut document);
    }
    if export.extensions.validators {
        set(
            &mut document,
            "x-amazon-apigateway-request-validators",
            validators(export),
        );
    }
    Ok(document.into())
}

fn servers(export: &RestExport<'_>) -> Value {
    let mut server = Map::new();
    server.insert(
        "url".into(),
        format!("https://{}/{{basePath}}", export.host).into(),
    );
    server.insert(
        "variables".into(),
        json!({ "basePath": { "default": export.stage_name } }),
    );
    if export.extensions.settings {
        set(
            &mut server,
            "x-amazon-apigateway-endpoint-configuration",
            endpoint(export),
        );
    }
    Value::Array(vec![server.into()])
}

fn endpoint(export: &RestExport<'_>) -> Map<String, Value> {
    let mut endpoint = Map::new();
    let api = members_of(&export.image.rest_api);
    if export.image.rest_api.disable_execute_api_endpoint {
        endpoint.insert("disableExecuteApiEndpoint".into(), true.into());
    }
    set(
        &mut endpoint,
        "vpcEndpointIds",
        api.get("vpcEndpointIds").cloned().unwrap_or_default(),
    );
    endpoint
}

fn paths(export: &RestExport<'_>) -> Result<Map<String, Value>, String> {
    let mut paths = BTreeMap::new();
    for resource in &export.image.resources {
        let mut item = Map::new();
        for (http_method, method) in &resource.methods {
            let name = if http_method == "ANY" {
                "x-amazon-apigateway-any-method".to_owned()
            } else {
                http_method.to_ascii_lowercase()
            };
            let place = format!("{http_method} {}", resource.path);
            item.insert(name, rest_method::operation(export, method, &place)?);
        }
        // The root is always there, and a path with others below it comes of itself.
        let leads_on = export
            .image
            .resources
            .iter()
            .any(|other| other.parent_id.as_ref() == Some(&resource.id));
        if !item.is_empty() || (!leads_on && resource.parent_id.is_some()) {
            paths.insert(resource.path.clone(), Value::Object(item));
        }
    }
    Ok(paths.into_iter().collect())
}

fn schemes(export: &RestExport<'_>) -> Map<String, Value> {
    let mut schemes = BTreeMap::new();
    let methods = || {
        let resources = export.image.resources.iter();
        resources.flat_map(|resource| resource.methods.values())
    };
    if methods().any(|method| method.api_key_required) {
        schemes.insert(
            API_KEY.to_owned(),
            json!({ "type": "apiKey", "name": "x-api-key", "in": "header" }),
        );
    }
    if methods().any(rest_method::is_signed) {
        schemes.insert(SIGV4.to_owned(), signed_scheme());
    }
    for authorizer in &export.image.authorizers {
        schemes.insert(
            authorizer.name.clone(),
            scheme(authorizer, export.extensions.authorizers),
        );
    }
    schemes.into_iter().collect()
}

fn scheme(authorizer: &Authorizer, with_extensions: bool) -> Value {
    let source = authorizer.identity_source.as_deref().unwrap_or_default();
    let header = source.strip_prefix("method.request.header.");
    let takes_one_header = authorizer.authorizer_type != AuthorizerType::Request;
    let name = header.filter(|name| !name.contains(',')).unwrap_or("Unused");
    let mut scheme = Map::new();
    scheme.insert("type".into(), "apiKey".into());
    scheme.insert("name".into(), name.into());
    scheme.insert("in".into(), "header".into());
    if with_extensions {
        let mut members = members_of(authorizer);
        for own in ["id", "name"] {
            members.remove(own);
        }
        if let Some(auth_type) = members.remove("authType") {
            scheme.insert("x-amazon-apigateway-authtype".into(), auth_type);
        }
        if takes_one_header && header == Some(name) {
            members.remove("identitySource");
        }
        if let Some(Value::String(kind)) = members.get_mut("type") {
            kind.make_ascii_lowercase();
        }
        scheme.insert("x-amazon-apigateway-authorizer".into(), members.into());
    }
    scheme.into()
}

fn schemas(export: &RestExport<'_>) -> Result<Map<String, Value>, String> {
    let mut schemas = Map::new();
    for model in &export.image.models {
        schemas.insert(model.name.clone(), schema(export, model)?);
    }
    Ok(schemas)
}

fn schema(export: &RestExport<'_>, model: &Model) -> Result<Value, String> {
    let text = model.schema.as_deref().filter(|text| !text.trim().is_empty());
    let mut schema = serde_json::from_str(text.unwrap_or("{}"))
        .map_err(|_| format!("the schema of the model `{}` is no JSON", model.name))?;
    let to = match export.version {
        Version::Swagger2 => "#/definitions/",
        Version::OpenApi3 => "#/components/schemas/",
    };
    rewrite(&mut schema, &model_url(export.image.rest_api.id.as_str(), ""), to);
    Ok(schema)
}

/// Makes references between models references between schemas.
fn rewrite(value: &mut Value, from: &str, to: &str) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| rewrite(item, from, to)),
        Value::Object(members) => {
            if let Some(Value::String(target)) = members.get_mut("$ref")
                && let Some(rest) = target.strip_prefix(from)
            {
                *target = format!("{to}{}", rest.replacen("#/", "/", 1));
            }
            members.values_mut().for_each(|member| rewrite(member, from, to));
        }
        _ => {}
    }
}

fn settings(export: &RestExport<'_>, document: &mut Map<String, Value>) {
    let image = export.image;
    let mut api = members_of(&image.rest_api);
    if image.rest_api.api_key_source != "HEADER" {
        set(
            document,
            "x-amazon-apigateway-api-key-source",
            image.rest_api.api_key_source.clone(),
        );
    }
    for (member, extension) in [
        ("binaryMediaTypes", "x-amazon-apigateway-binary-media-types"),
        (
            "minimumCompressionSize",
            "x-amazon-apigateway-minimum-compression-size",
        ),
        ("securityPolicy", "x-amazon-apigateway-security-policy"),
        ("endpointAccessMode", "x-amazon-apigateway-endpoint-access-mode"),
    ] {
        set(document, extension, api.remove(member).unwrap_or_default());
    }
    let policy = image.rest_api.policy.as_deref();
    let mut policy = policy
        .and_then(|policy| serde_json::from_str::<Value>(policy).ok())
        .unwrap_or_default();
    shorten(&mut policy, &format!(":{}/", image.rest_api.id));
    set(document, "x-amazon-apigateway-policy", policy);
    if export.version == Version::Swagger2 {
        set(
            document,
            "x-amazon-apigateway-endpoint-configuration",
            endpoint(export),
        );
    }
    let mut responses = Map::new();
    for response in &image.gateway_responses {
        let mut members = Map::new();
        set(&mut members, "statusCode", response.status_code.clone());
        set(
            &mut members,
            "responseParameters",
            json!(response.response_parameters),
        );
        set(
            &mut members,
            "responseTemplates",
            json!(response.response_templates),
        );
        responses.insert(response.response_type.clone(), members.into());
    }
    set(document, "x-amazon-apigateway-gateway-responses", responses);
}

/// Writes the API's own resources as `execute-api:/…`: in another API the policy is to mean that one. Conditions stay as they
/// are, since the short form is one of resources alone.
fn shorten(policy: &mut Value, own: &str) {
    let statements = match policy.get_mut("Statement") {
        Some(Value::Array(statements)) => statements.iter_mut().collect(),
        Some(statement) => vec![statement],
        None => Vec::new(),
    };
    for statement in statements {
        for member in ["Resource", "NotResource"] {
            let resources = match statement.get_mut(member) {
                Some(Value::Array(resources)) => resources.iter_mut().collect(),
                Some(resource) => vec![resource],
                None => Vec::new(),
            };
            for resource in resources {
                let path = resource
                    .as_str()
                    .filter(|text| text.starts_with("arn:aws:execute-api:"))
                    .and_then(|text| Some(text.split_once(own)?.1.to_owned()));
                if let Some(path) = path {
                    *resource = format!("execute-api:/{path}").into();
                }
            }
        }
    }
}

fn validators(export: &RestExport<'_>) -> Map<String, Value> {
    let validators = export.image.request_validators.iter().map(|validator| {
        let switches = json!({
            "validateRequestParameters": validator.validate_request_parameters,
            "validateRequestBody": validator.validate_request_body,
        });
        (
            validator.name.clone().unwrap_or_else(|| validator.id.clone()),
            switches,
        )
    });
    validators.collect()
}
