//! Answers of REST APIs, coded as the client wants, where the API says from which size on.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-receive-response-with-compressed-payload.html>.
//! Refusals go out as they are: they are short, and are no answers of an integration. `Vary` is ours: without it a cache on the
//! way could hand a coded answer to a client that cannot read it.

use crate::{
    exchange::Exchange,
    http::{
        Body, Response,
        coding::{
            Coding,
            encode::{Encoding, encode_whole},
        },
    },
};

/// The longest body that is coded at once, in bytes; longer ones are coded as they stream, beside other work of the thread.
const WHOLE_BYTES_MAX: usize = 256 * 1024;
/// How many bytes of an answer of unknown length are waited for at most, to see whether it is long enough.
const PREFIX_BYTES_MAX: usize = 64 * 1024;

/// Codes the answer of an integration, if it is to be.
pub(crate) async fn apply(exchange: &Exchange, response: &mut Response) {
    let minimum = exchange.stage().and_then(|stage| stage.minimum_compression_size);
    let Some(minimum) = minimum.and_then(|bytes| usize::try_from(bytes).ok()) else {
        return;
    };
    let Some(coding) = Coding::accepted(&exchange.request().headers) else {
        return;
    };
    // What is to stream waits for no size, on AWS neither.
    if exchange
        .known_method()
        .is_some_and(|method| method.backend.streams)
    {
        return;
    }
    if !may_be_coded(exchange, response) || !is_long_enough(response, minimum).await {
        return;
    }
    response.body = match std::mem::take(&mut response.body) {
        Body::Full(body) if body.len() <= WHOLE_BYTES_MAX => Body::Full(encode_whole(&body, coding).into()),
        body => Body::Stream(Box::new(Encoding::new(body, coding))),
    };
    response.headers.remove(b"content-length");
    response.headers.set("Content-Encoding", coding.as_str());
    if !response
        .headers
        .all("vary")
        .any(|value| value.eq_ignore_ascii_case(b"accept-encoding"))
    {
        response.headers.push("Vary", "Accept-Encoding");
    }
}

fn may_be_coded(exchange: &Exchange, response: &Response) -> bool {
    let has_body = *exchange.request().method != *b"HEAD" && !matches!(response.status, 100..200 | 204 | 304);
    let is_part = response.status == 206;
    let is_event_stream = response
        .headers
        .text("content-type")
        .is_some_and(|kind| kind.starts_with("text/event-stream"));
    has_body && !is_part && !is_event_stream && response.headers.get("content-encoding").is_none()
}

/// Tells whether a body has `minimum` bytes; of one that does not say how long it is, whether the first part comes.
async fn is_long_enough(response: &mut Response, minimum: usize) -> bool {
    match response.body.length() {
        Some(0) => false,
        Some(length) => length >= minimum as u64,
        None => {
            let wanted = minimum.clamp(1, PREFIX_BYTES_MAX);
            let prefix = response.body.read_prefix(wanted).await;
            prefix.is_ok_and(|prefix| prefix.len() >= wanted)
        }
    }
}
