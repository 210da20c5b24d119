//! The event that a function gets for a request, payload format 1.0 as REST APIs have it.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html#api-gateway-simple-proxy-for-lambda-input-format>

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::Bytes;
use serde_json::{Map, Value, json};

use crate::{
    exchange::Exchange,
    http::Version,
    integrations::{
        forwarded::{forwarded_for, forwarded_port},
        header_policy::is_dropped_from_request,
    },
    mapping::{context_variables, query},
    trace_id,
};

/// What `$context` knows of who asks; null where it is absent.
const IDENTITY: [&str; 12] = [
    "accessKey",
    "accountId",
    "caller",
    "cognitoAuthenticationProvider",
    "cognitoAuthenticationType",
    "cognitoIdentityId",
    "cognitoIdentityPoolId",
    "principalOrgId",
    "sourceIp",
    "user",
    "userAgent",
    "userArn",
];

/// Renders the event of a request whose body has been read; base64 where it is `binary`.
pub(crate) fn render(exchange: &Exchange, binary: bool) -> Bytes {
    let mut event = request(exchange);
    let body = exchange.body_read();
    let (body, encoded) = if body.is_empty() {
        (Value::Null, false)
    } else if binary {
        (STANDARD.encode(body).into(), true)
    } else {
        // AWS reads what is not declared binary as text, and so damages what is none.
        (String::from_utf8_lossy(body).into(), false)
    };
    event.insert("body".into(), body);
    event.insert("isBase64Encoded".into(), encoded.into());
    Value::Object(event).to_string().into()
}

/// Returns the event without its body, which is what request authorizers are given too.
pub(crate) fn request(exchange: &Exchange) -> Map<String, Value> {
    let context = |name: &str| variable(exchange, &[name]);
    // On a custom domain AWS leaves the base path in.
    let path = match exchange.domain() {
        Some(_) => exchange.path(),
        None => exchange.resource_path(),
    };
    let path = if path.is_empty() { b"/".as_slice() } else { path };
    let (headers, many_headers) = maps(fields(exchange));
    let (queries, many_queries) = maps(queries(exchange));
    let mut parameters = Map::new();
    for (name, value) in exchange.path_parameters() {
        parameters.insert(name.into(), text(value));
    }
    let variables = exchange.stage().map(|stage| &stage.variables);
    let variables: Map<String, Value> = variables
        .into_iter()
        .flatten()
        .map(|(name, value)| (name.clone(), value.as_str().into()))
        .collect();
    let mut event = Map::new();
    for (name, value) in [
        ("resource", context("resourcePath")),
        ("path", text(path)),
        ("httpMethod", context("httpMethod")),
        ("headers", headers),
        ("multiValueHeaders", many_headers),
        ("queryStringParameters", queries),
        ("multiValueQueryStringParameters", many_queries),
        ("pathParameters", null_if_empty(parameters)),
        ("stageVariables", null_if_empty(variables)),
        ("requestContext", request_context(exchange)),
    ] {
        event.insert(name.into(), value);
    }
    event
}

fn request_context(exchange: &Exchange) -> Value {
    let mut context = Map::new();
    let mut set = |name: &str| {
        context.insert(name.into(), variable(exchange, &[name]));
    };
    for name in [
        "resourceId",
        "resourcePath",
        "httpMethod",
        "extendedRequestId",
        "requestTime",
        "path",
        "accountId",
        "protocol",
        "stage",
        "domainPrefix",
        "requestId",
        "domainName",
        "deploymentId",
        "apiId",
    ] {
        set(name);
    }
    context.insert("requestTimeEpoch".into(), exchange.started().millis().into());
    let mut identity: Map<String, Value> = IDENTITY
        .iter()
        .map(|name| ((*name).to_owned(), variable(exchange, &["identity", name])))
        .collect();
    if let Some(endpoint) = exchange.endpoint() {
        identity.insert("vpcId".into(), endpoint.vpc.as_str().into());
        identity.insert("vpceId".into(), endpoint.id.as_str().into());
    }
    if let Some(certificate) = client_certificate(exchange) {
        identity.insert("clientCert".into(), certificate);
    }
    context.insert("identity".into(), identity.into());
    if let Some(authorizer) = exchange.caller().and_then(|caller| caller.event_context()) {
        context.insert("authorizer".into(), authorizer);
    }
    context.into()
}

/// What the client's certificate says, on a custom domain that demands one.
pub(super) fn client_certificate(exchange: &Exchange) -> Option<Value> {
    let certificate = exchange.client_certificate()?;
    Some(json!({
        "clientCertPem": certificate.pem,
        "subjectDN": certificate.subject_dn,
        "issuerDN": certificate.issuer_dn,
        "serialNumber": certificate.serial_number,
        "validity": { "notBefore": certificate.not_before, "notAfter": certificate.not_after },
    }))
}

pub(super) fn variable(exchange: &Exchange, path: &[&str]) -> Value {
    context_variables::variable(exchange, None, path).map_or(Value::Null, |value| value.as_ref().into())
}

/// Names in the order in which they came first, each with all its values.
pub(super) type Many = Vec<(String, Vec<String>)>;

fn add(many: &mut Many, name: String, value: String, same: impl Fn(&str, &str) -> bool) {
    match many.iter_mut().find(|(known, _)| same(known, &name)) {
        Some((_, values)) => values.push(value),
        None => many.push((name, vec![value])),
    }
}

/// Every field that passes, and the way that the request came.
pub(super) fn fields(exchange: &Exchange) -> Many {
    let request = exchange.request();
    let https = request.peer.tls.is_some();
    let mut many = Many::new();
    let mut add = |name: &[u8], value: &[u8]| {
        let (name, value) = (
            usual_case(name, request.version),
            String::from_utf8_lossy(value).into_owned(),
        );
        add(&mut many, name, value, |one, other| {
            one.eq_ignore_ascii_case(other)
        });
    };
    for (name, value) in request.headers.iter() {
        let passes = ["content-length", "via"]
            .iter()
            .any(|passing| name.eq_ignore_ascii_case(passing.as_bytes()));
        let connection = name.eq_ignore_ascii_case(b"connection");
        if passes || !(connection || is_dropped_from_request(name)) {
            add(name, value);
        }
    }
    add(b"Host", request.authority.as_bytes());
    if request.headers.get("x-amzn-trace-id").is_none() {
        add(trace_id::HEADER.as_bytes(), trace_id::of(exchange).as_bytes());
    }
    add(b"X-Forwarded-For", &forwarded_for(request));
    add(b"X-Forwarded-Port", forwarded_port(request, https).as_bytes());
    add(b"X-Forwarded-Proto", if https { b"https" } else { b"http" });
    many
}

/// AWS keeps the case of HTTP/1 but for these two. Our codec tells names in lower case: they are written as nearly every
/// client writes them, `X-Api-Key`. Those of HTTP/2 are in lower case on the wire.
fn usual_case(name: &[u8], version: Version) -> String {
    for usual in ["Authorization", "User-Agent"] {
        if name.eq_ignore_ascii_case(usual.as_bytes()) {
            return usual.into();
        }
    }
    let name = String::from_utf8_lossy(name);
    if version == Version::Http2 || name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return name.into_owned();
    }
    let mut starts = true;
    name.chars()
        .map(|symbol| {
            let upper = std::mem::replace(&mut starts, symbol == '-');
            if upper {
                symbol.to_ascii_uppercase()
            } else {
                symbol
            }
        })
        .collect()
}

pub(super) fn queries(exchange: &Exchange) -> Many {
    let mut many = Many::new();
    let decoded = |part| String::from_utf8_lossy(&query::decode(part, true)).into_owned();
    for (name, value) in query::parameters(exchange.request().query().unwrap_or_default()) {
        add(&mut many, decoded(name), decoded(value), |one, other| {
            one == other
        });
    }
    many
}

/// Returns the map of last values and the map of all; null both when there are none.
fn maps(many: Many) -> (Value, Value) {
    if many.is_empty() {
        return (Value::Null, Value::Null);
    }
    let (mut single, mut all) = (Map::new(), Map::new());
    for (name, values) in many {
        single.insert(name.clone(), values.last().cloned().unwrap_or_default().into());
        all.insert(name, json!(values));
    }
    (single.into(), all.into())
}

fn null_if_empty(map: Map<String, Value>) -> Value {
    if map.is_empty() { Value::Null } else { map.into() }
}

fn text(bytes: &[u8]) -> Value {
    String::from_utf8_lossy(bytes).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_spelled_as_http_1_clients_do() {
        let of = |name: &str| usual_case(name.as_bytes(), Version::Http11);
        assert_eq!(of("x-api-key"), "X-Api-Key");
        assert_eq!(of("X-API-key"), "X-API-key");
        assert_eq!(of("AUTHORIZATION"), "Authorization");
        assert_eq!(usual_case(b"x-api-key", Version::Http2), "x-api-key");
        assert_eq!(usual_case(b"user-agent", Version::Http2), "User-Agent");
    }
}
