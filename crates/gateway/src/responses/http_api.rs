//! Refusals of an HTTP API, which has no gateway responses: a fixed message, and a challenge where a token would help.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-troubleshooting-jwt.html>. AWS documents few of
//! these bodies. Of a backend that does not answer, 503 `Service Unavailable` is what was seen.

use bytes::Bytes;

use crate::{
    exchange::Exchange,
    http::Response,
    layers::cors,
    refusal::{Refusal, RefusalKind},
    request_id,
};

/// Returns status and message of a kind of refusal.
const fn facts(kind: RefusalKind) -> (u16, &'static str) {
    use RefusalKind::*;
    match kind {
        BadRequestBody | BadRequestParameters => (400, "Bad Request"),
        Unauthorized => (401, "Unauthorized"),
        AccessDenied
        | IncompleteSignature
        | UnrecognizedClient
        | ExpiredToken
        | Forbidden
        | InvalidApiKey
        | InvalidSignature
        | MissingAuthenticationToken
        | WafFiltered => (403, "Forbidden"),
        ResourceNotFound => (404, "Not Found"),
        RequestTimeout => (408, "Request Timeout"),
        RequestTooLarge => (413, "Request Entity Too Large"),
        RequestUriTooLong => (414, "Request URI too long"),
        UnsupportedMediaType => (415, "Unsupported Media Type"),
        QuotaExceeded | Throttled => (429, "Too Many Requests"),
        ApiConfigurationError
        | AuthorizerConfigurationError
        | AuthorizerFailure
        | Internal
        | MalformedAnswer => (500, "Internal Server Error"),
        IntegrationFailure | IntegrationTimeout | Overloaded => (503, "Service Unavailable"),
    }
}

/// Returns the message of a kind of refusal: `$context.error.message`.
pub(crate) const fn message(kind: RefusalKind) -> &'static str {
    facts(kind).1
}

/// Renders a refusal.
pub(super) fn render(refusal: &Refusal) -> Response {
    let (status, message) = facts(refusal.kind());
    let body = format!("{{\"message\":\"{message}\"}}");
    let mut response = Response::full(status, "application/json", body);
    if let Some(challenge) = refusal.challenge() {
        response
            .headers
            .push("www-authenticate", Bytes::copy_from_slice(challenge.as_bytes()));
    }
    response
}

/// Adds the request's id, by which its trail is found, and the headers that let pages of other origins read the answer.
pub(super) fn complete(exchange: &Exchange, response: &mut Response) {
    if let Some(cors) = exchange.stage().and_then(|stage| stage.http_api()?.cors.as_ref()) {
        if exchange.known_method().is_some() {
            cors::remove_backends_headers(&mut response.headers);
        }
        cors.complete(&exchange.request().headers, &mut response.headers);
    }
    response
        .headers
        .push("apigw-requestid", request_id::header_values(exchange.id()).0);
}
