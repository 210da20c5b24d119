//! The event that a function gets for a request of an HTTP API, payload format 2.0. What is absent is left out, where format
//! 1.0 says null.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html>

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::{Map, Value, json};

use super::event::{self, Many, client_certificate, fields, queries, variable};
use crate::exchange::Exchange;

/// Renders the event of an exchange.
pub(super) fn render(exchange: &Exchange) -> Bytes {
    let mut event = request(exchange);
    let (body, encoded) = body(exchange);
    if let Some(body) = body {
        event.insert("body".into(), body);
    }
    event.insert("isBase64Encoded".into(), encoded.into());
    Value::Object(event).to_string().into()
}

/// Renders the event in format 1.0: that of a REST API with a version, its path with the stage, and what only REST APIs have
/// left out. Whether AWS writes the stage there is not documented; format 2.0 has it.
pub(super) fn render_1(exchange: &Exchange) -> Bytes {
    let mut event = event::request(exchange);
    let (body, encoded) = body(exchange);
    event.insert("version".into(), "1.0".into());
    event.insert("path".into(), raw_path(exchange));
    event.insert("body".into(), body.unwrap_or_default());
    event.insert("isBase64Encoded".into(), encoded.into());
    if let Some(context) = event.get_mut("requestContext").and_then(Value::as_object_mut) {
        context.remove("deploymentId");
        context.insert("resourceId".into(), Value::Null);
        let mut authorizer = exchange.caller().and_then(|caller| caller.event_context());
        let scopes = exchange.caller().and_then(|caller| {
            let method = exchange.known_method()?;
            method.authorization.matched_scopes(caller)
        });
        match authorizer.as_mut().and_then(Value::as_object_mut) {
            Some(found) if found.contains_key("claims") => {
                found.insert("scopes".into(), json!(scopes));
            }
            Some(_) => {}
            None => authorizer = Some(json!({ "claims": null, "scopes": null })),
        }
        context.insert("authorizer".into(), authorizer.unwrap_or_default());
    }
    Value::Object(event).to_string().into()
}

/// Returns the event without its body, which is what authorizers are given too.
pub(crate) fn request(exchange: &Exchange) -> Map<String, Value> {
    let request = exchange.request();
    let query = request.query().unwrap_or_default();
    let (headers, cookies) = headers(fields(exchange));
    let mut event = Map::new();
    for (name, value) in [
        ("version", "2.0".into()),
        ("routeKey", variable(exchange, &["routeKey"])),
        ("rawPath", raw_path(exchange)),
        ("rawQueryString", text(query)),
        ("headers", headers),
        ("requestContext", request_context(exchange)),
    ] {
        event.insert(name.into(), value);
    }
    let mut set = |name: &str, value: Option<Value>| {
        if let Some(value) = value {
            event.insert(name.into(), value);
        }
    };
    set("cookies", (!cookies.is_empty()).then(|| json!(cookies)));
    set("queryStringParameters", joined(queries(exchange)));
    let parameters = exchange.path_parameters();
    let parameters: Map<String, Value> = parameters
        .map(|(name, value)| (name.to_owned(), text(value)))
        .collect();
    set("pathParameters", some(parameters));
    let variables = exchange.stage().map(|stage| &stage.variables);
    let variables: Map<String, Value> = variables
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    set("stageVariables", some(variables));
    event
}

fn request_context(exchange: &Exchange) -> Value {
    let request = exchange.request();
    let context = |name: &str| variable(exchange, &[name]);
    let user_agent = request.headers.text("user-agent").unwrap_or_default();
    let mut found = json!({
        "accountId": context("accountId"),
        "apiId": context("apiId"),
        "domainName": context("domainName"),
        "domainPrefix": context("domainPrefix"),
        "http": {
            "method": context("httpMethod"),
            "path": raw_path(exchange),
            "protocol": context("protocol"),
            "sourceIp": variable(exchange, &["identity", "sourceIp"]),
            "userAgent": user_agent,
        },
        "requestId": context("requestId"),
        "routeKey": context("routeKey"),
        "stage": context("stage"),
        "time": context("requestTime"),
        "timeEpoch": exchange.started().millis(),
    });
    let mut set = |name: &str, value: Option<Value>| {
        if let (Some(found), Some(value)) = (found.as_object_mut(), value) {
            found.insert(name.into(), value);
        }
    };
    let certificate = client_certificate(exchange);
    set(
        "authentication",
        certificate.map(|certificate| json!({ "clientCert": certificate })),
    );
    let authorizer = exchange.caller().and_then(|caller| {
        let scopes = exchange.known_method()?.authorization.matched_scopes(caller);
        caller.event_context_2(scopes.as_deref())
    });
    set("authorizer", authorizer);
    found
}

/// With the stage, unless it is `$default`.
fn raw_path(exchange: &Exchange) -> Value {
    match exchange.path() {
        b"" => "/".into(),
        path => text(path),
    }
}

/// Names in small letters, values joined; cookies apart, as format 2.0 has them.
fn headers(many: Many) -> (Value, Vec<String>) {
    let mut cookies = Vec::new();
    let mut headers = Map::new();
    for (name, values) in many {
        if name.eq_ignore_ascii_case("cookie") {
            let each = values.iter().flat_map(|value| value.split(';'));
            cookies.extend(each.map(|cookie| cookie.trim().to_owned()));
        } else {
            headers.insert(name.to_ascii_lowercase(), values.join(",").into());
        }
    }
    (headers.into(), cookies)
}

fn joined(many: Many) -> Option<Value> {
    let joined = many
        .into_iter()
        .map(|(name, values)| (name, values.join(",").into()));
    some(joined.collect())
}

fn some(map: Map<String, Value>) -> Option<Value> {
    (!map.is_empty()).then(|| map.into())
}

/// What is text by its media type goes as text, all else in base64, and so does text that is none.
fn body(exchange: &Exchange) -> (Option<Value>, bool) {
    let body = exchange.body_read();
    if body.is_empty() {
        return (None, false);
    }
    let media_type = exchange
        .request()
        .headers
        .text("content-type")
        .unwrap_or_default();
    match std::str::from_utf8(body) {
        Ok(text) if is_text(media_type) => (Some(text.into()), false),
        _ => (Some(STANDARD.encode(body).into()), true),
    }
}

fn is_text(media_type: &str) -> bool {
    let name = media_type
        .split(';')
        .next()
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase();
    name.starts_with("text/")
        || ["application/json", "application/javascript", "application/xml"].contains(&name.as_str())
        || name.ends_with("+json")
        || name.ends_with("+xml")
}

fn text(bytes: &[u8]) -> Value {
    String::from_utf8_lossy(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_known_by_its_media_type() {
        for name in [
            "text/plain",
            "application/json; charset=utf-8",
            "application/problem+json",
            "image/svg+xml",
        ] {
            assert!(is_text(name), "{name}");
        }
        for name in [
            "",
            "image/png",
            "application/octet-stream",
            "application/x-www-form-urlencoded",
        ] {
            assert!(!is_text(name), "{name}");
        }
    }

    #[test]
    fn cookies_stand_apart() {
        let many = vec![
            ("Cookie".into(), vec!["a=1; b=2".into(), "c=3".into()]),
            ("X-A".into(), vec!["1".into(), "2".into()]),
        ];
        let (headers, cookies) = headers(many);
        assert_eq!(headers, json!({"x-a": "1,2"}));
        assert_eq!(cookies, ["a=1", "b=2", "c=3"]);
    }
}
