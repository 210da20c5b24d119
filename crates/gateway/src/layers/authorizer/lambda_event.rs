//! What a Lambda authorizer's function is given: a token, or the request without its body, in one of three forms.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-lambda-authorizer-input.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>

use serde_json::{Map, Value};

use super::{
    lambda_identity::{Form, Given, token_of},
    lambda_source::Source,
};
use crate::{
    exchange::Exchange,
    integrations::lambda_proxy::{event, http_event},
    refusal::Refusal,
};

/// What format 1.0 of HTTP APIs tells of `requestContext` and of `identity` in it.
const CONTEXT: [&str; 8] = [
    "path",
    "accountId",
    "resourceId",
    "stage",
    "requestId",
    "resourcePath",
    "httpMethod",
    "apiId",
];
const IDENTITY: [&str; 2] = ["sourceIp", "clientCert"];

/// Renders the event; `arn` is that of the call.
pub(super) fn render(given: &Given, exchange: &Exchange, arn: &str) -> Result<Value, Refusal> {
    let mut event = match given {
        Given::Token { header, .. } => {
            let mut event = Map::new();
            event.insert("type".into(), "TOKEN".into());
            event.insert("authorizationToken".into(), token_of(exchange, header)?.into());
            event.insert("methodArn".into(), arn.into());
            return Ok(event.into());
        }
        Given::Request { sources, form } => match form {
            Form::Rest => {
                let mut event = event::request(exchange);
                event.insert("methodArn".into(), arn.into());
                event
            }
            Form::Http1 => format_1(exchange, sources, arn),
            Form::Http2 { .. } => {
                let mut event = http_event::request(exchange);
                event.insert("routeArn".into(), arn.into());
                event.insert("identitySource".into(), identity(exchange, sources).into());
                event
            }
        },
    };
    event.insert("type".into(), "REQUEST".into());
    Ok(event.into())
}

fn format_1(exchange: &Exchange, sources: &[Source], arn: &str) -> Map<String, Value> {
    let mut whole = event::request(exchange);
    let mut event = Map::new();
    for name in ["resource", "path", "httpMethod"] {
        event.insert(name.into(), whole.remove(name).unwrap_or_default());
    }
    for name in [
        "headers",
        "queryStringParameters",
        "pathParameters",
        "stageVariables",
    ] {
        let map = whole.remove(name).filter(Value::is_object);
        event.insert(name.into(), map.unwrap_or_else(|| Map::new().into()));
    }
    let known = whole.remove("requestContext").unwrap_or_default();
    let picked = |from: &Value, names: &[&str]| {
        let members = names.iter().filter_map(|name| {
            let value = from.get(name)?.clone();
            Some(((*name).to_owned(), value))
        });
        members.collect::<Map<_, _>>()
    };
    let mut context = picked(&known, &CONTEXT);
    let identity_of = known.get("identity").unwrap_or(&Value::Null);
    context.insert("identity".into(), picked(identity_of, &IDENTITY).into());
    event.insert("requestContext".into(), context.into());
    let shown = identity(exchange, sources).join(",");
    event.insert("authorizationToken".into(), shown.as_str().into());
    event.insert("identitySource".into(), shown.into());
    event.insert("methodArn".into(), arn.into());
    event.insert("version".into(), "1.0".into());
    event
}

/// Returns the value of each source; several values of one are joined by commas.
fn identity(exchange: &Exchange, sources: &[Source]) -> Vec<String> {
    let value = |source: &Source| {
        let values = source.values(exchange);
        let texts: Vec<_> = values
            .iter()
            .map(|value| String::from_utf8_lossy(value))
            .collect();
        texts.join(",")
    };
    sources.iter().map(value).collect()
}
