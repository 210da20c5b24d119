//! What goes out that no integration said. The only code that turns a [`Refusal`] into HTTP: in a REST API's manner or in an
//! HTTP API's.

pub(crate) mod compression;
pub(crate) mod facts;
pub(crate) mod gateway_responses;
pub(crate) mod http_api;

use crate::{exchange::Exchange, http::Response, refusal::Refusal, request_id};

/// Renders a refusal as the kind of API has it.
pub(crate) fn render(exchange: &Exchange, refusal: &Refusal) -> Response {
    if exchange.is_http_api() {
        http_api::render(refusal)
    } else {
        gateway_responses::render(exchange, refusal)
    }
}

/// Adds what every answer of the kind of API carries, refusals too.
pub(crate) fn complete(exchange: &Exchange, response: &mut Response) {
    if let (Some(limits), Some(stage)) = (exchange.limits(), exchange.stage()) {
        limits.add_to(stage.limit_fields, response);
    }
    if exchange.is_http_api() {
        http_api::complete(exchange, response);
    } else {
        request_id::push_both(&mut response.headers, exchange.id());
    }
}
