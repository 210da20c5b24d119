//! A method as an operation.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_model::resources::apigateway::{
    AuthorizationType, Integration, Method, MethodResponse, default_timeout,
};
use serde_json::{Map, Value, json};

use super::{
    SIGV4, members_of,
    rest::{API_KEY, RestExport},
    set,
};
use crate::openapi::Version;

/// Tells whether callers of a method sign.
pub(super) fn is_signed(method: &Method) -> bool {
    method.authorization_type == AuthorizationType::AwsIam
}

/// Writes a method; `place` is for messages.
pub(super) fn operation(export: &RestExport<'_>, method: &Method, place: &str) -> Result<Value, String> {
    let mut operation = Map::new();
    set(&mut operation, "operationId", method.operation_name.clone());
    let swagger = export.version == Version::Swagger2;
    let mut parameters = parameters(method, swagger);
    if swagger {
        consume(method, place, &mut operation, &mut parameters)?;
        let produced: BTreeSet<&String> = method
            .method_responses
            .values()
            .flat_map(|response| response.response_models.keys())
            .collect();
        set(&mut operation, "produces", json!(produced));
    }
    set(&mut operation, "parameters", parameters);
    if !swagger && !method.request_models.is_empty() {
        let body = json!({ "content": content(&method.request_models), "required": true });
        operation.insert("requestBody".into(), body);
    }
    let responses = method
        .method_responses
        .iter()
        .map(|(status, answer)| (status.clone(), response(answer, swagger)));
    // Both specifications want the member, empty or not.
    operation.insert("responses".into(), Value::Object(responses.collect()));
    set(&mut operation, "security", security(export, method)?);
    if export.extensions.validators
        && let Some(id) = &method.request_validator_id
    {
        let validators = export.image.request_validators.iter();
        let validator = validators.clone().find(|validator| validator.id == *id);
        let name = validator.and_then(|validator| validator.name.clone());
        set(
            &mut operation,
            "x-amazon-apigateway-request-validator",
            name.unwrap_or_else(|| id.clone()),
        );
    }
    if export.extensions.integrations
        && let Some(behind) = &method.integration
    {
        operation.insert(
            "x-amazon-apigateway-integration".into(),
            integration(behind, place)?.into(),
        );
    }
    Ok(operation.into())
}

fn parameters(method: &Method, swagger: bool) -> Vec<Value> {
    let mut written = BTreeSet::new();
    let mut parameters = Vec::new();
    for (key, required) in &method.request_parameters {
        let Some((place, name)) = key
            .strip_prefix("method.request.")
            .and_then(|rest| rest.split_once('.'))
        else {
            continue;
        };
        let (place, many) = match place {
            "multivaluequerystring" => ("query", true),
            "querystring" => ("query", false),
            "multivalueheader" => ("header", true),
            other => (other, false),
        };
        if !written.insert((place.to_owned(), name.to_owned())) {
            continue;
        }
        let kind = if many {
            json!({ "type": "array", "items": { "type": "string" } })
        } else {
            json!({ "type": "string" })
        };
        let mut parameter = Map::new();
        parameter.insert("name".into(), name.into());
        parameter.insert("in".into(), place.into());
        // A variable of a path is always there.
        if *required || place == "path" {
            parameter.insert("required".into(), true.into());
        }
        if swagger {
            parameter.extend(kind.as_object().cloned().unwrap_or_default());
        } else {
            parameter.insert("schema".into(), kind);
        }
        parameters.push(parameter.into());
    }
    parameters
}

/// Swagger 2 has one schema for all content types.
fn consume(
    method: &Method,
    place: &str,
    operation: &mut Map<String, Value>,
    parameters: &mut Vec<Value>,
) -> Result<(), String> {
    let models: BTreeSet<&String> = method.request_models.values().collect();
    let mut models = models.into_iter();
    let Some(model) = models.next() else {
        return Ok(());
    };
    if models.next().is_some() {
        return Err(format!(
            "`{place}` has another model for each content type, which Swagger 2.0 cannot say: export `oas30`"
        ));
    }
    set(
        operation,
        "consumes",
        json!(method.request_models.keys().collect::<Vec<_>>()),
    );
    parameters.push(json!({
        "in": "body",
        "name": model,
        "required": true,
        "schema": { "$ref": format!("#/definitions/{model}") },
    }));
    Ok(())
}

fn content(models: &BTreeMap<String, String>) -> Map<String, Value> {
    let media = models.iter().map(|(content_type, model)| {
        let schema = json!({ "schema": { "$ref": format!("#/components/schemas/{model}") } });
        (content_type.clone(), schema)
    });
    media.collect()
}

fn response(response: &MethodResponse, swagger: bool) -> Value {
    let mut members = Map::new();
    members.insert(
        "description".into(),
        format!("{} response", response.status_code).into(),
    );
    let headers = response.response_parameters.keys().filter_map(|key| {
        let name = key.strip_prefix("method.response.header.")?;
        let kind = json!({ "type": "string" });
        let header = if swagger { kind } else { json!({ "schema": kind }) };
        Some((name.to_owned(), header))
    });
    set(&mut members, "headers", headers.collect::<Map<_, _>>());
    if swagger {
        if let Some(model) = response.response_models.values().next() {
            members.insert(
                "schema".into(),
                json!({ "$ref": format!("#/definitions/{model}") }),
            );
        }
    } else {
        set(&mut members, "content", content(&response.response_models));
    }
    members.into()
}

fn security(export: &RestExport<'_>, method: &Method) -> Result<Vec<Value>, String> {
    let mut security = Vec::new();
    let mut ask = |name: &str, scopes: &[String]| {
        let mut requirement = Map::new();
        requirement.insert(name.to_owned(), json!(scopes));
        security.push(requirement.into());
    };
    if is_signed(method) {
        ask(SIGV4, &[]);
    }
    if let Some(id) = &method.authorizer_id {
        let authorizers = &export.image.authorizers;
        let authorizer = authorizers.iter().find(|authorizer| authorizer.id == *id);
        let authorizer = authorizer.ok_or_else(|| format!("the authorizer `{id}` is not there"))?;
        ask(&authorizer.name, &method.authorization_scopes);
    }
    if method.api_key_required {
        ask(API_KEY, &[]);
    }
    Ok(security)
}

fn integration(integration: &Integration, place: &str) -> Result<Map<String, Value>, String> {
    let mut members = members_of(integration);
    members.remove("integrationResponses");
    if integration.timeout_ms == default_timeout() {
        members.remove("timeoutInMillis");
    }
    for word in ["type", "passthroughBehavior"] {
        if let Some(Value::String(word)) = members.get_mut(word) {
            word.make_ascii_lowercase();
        }
    }
    let mut responses = Map::new();
    for response in integration.integration_responses.values() {
        let mut answer = Map::new();
        answer.insert("statusCode".into(), response.status_code.clone().into());
        set(
            &mut answer,
            "responseParameters",
            json!(response.response_parameters),
        );
        set(
            &mut answer,
            "responseTemplates",
            json!(response.response_templates),
        );
        set(&mut answer, "contentHandling", response.content_handling.clone());
        let pattern = response
            .selection_pattern
            .clone()
            .unwrap_or_else(|| "default".into());
        if responses.insert(pattern.clone(), answer.into()).is_some() {
            return Err(format!(
                "`{place}` has two integration responses for `{pattern}`, which a document cannot say"
            ));
        }
    }
    set(&mut members, "responses", responses);
    Ok(members)
}
