//! `HTTP`: a backend is called with what is mapped and nothing else, and an integration response is made of its answer.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/setup-http-integrations.html>. What AWS adds by itself was recorded:
//! `User-Agent: AmazonAPIGateway_{api}`, `Accept: application/json`, `X-Amzn-Apigateway-Api-Id`, the media type of the body.

use bytes::Bytes;
use portcullis_model::HeaderList;

use super::{
    Answer,
    http_proxy::{Call, HttpProxy, Outgoing},
};
use crate::{
    decision::Reason,
    exchange::{BODY_BYTES_MAX, Exchange},
    gateway::Worker,
    http::Body,
    mapping::{expression::AnswerParts, http_call::MappedHeaders, request::Content},
    refusal::Refusal,
};

/// Methods whose requests carry no body, whatever a template makes.
const WITHOUT_BODY: [&[u8]; 3] = [b"GET", b"HEAD", b"OPTIONS"];

/// Calls the backend, and reads its answer whole.
pub(super) async fn call(
    backend: &HttpProxy,
    exchange: &Exchange,
    path_and_query: Vec<u8>,
    mapped: MappedHeaders,
    content: Content,
    worker: &Worker,
) -> Result<(Answer, Reason), Refusal> {
    let method = backend.method(exchange.request());
    let headers = request_headers(exchange, mapped, content.media_type);
    let body = Outgoing::new(
        if content.body.is_empty() || WITHOUT_BODY.contains(&method.as_ref()) {
            Body::Empty
        } else {
            Body::Full(content.body)
        },
        BODY_BYTES_MAX,
    );
    let mut call = Call {
        method,
        path_and_query,
        headers,
        body,
        client: backend.client(exchange, worker),
    };
    let answer = backend.send(&mut call, worker).await?;
    let (status, headers) = (answer.status, answer.headers);
    let body = backend.read(answer.body).await?;
    let answer = Answer::Integrated {
        said: Some(status.to_string()),
        status: Some(status),
        parts: AnswerParts { headers, body },
    };
    Ok((answer, backend.reason()))
}

fn request_headers(exchange: &Exchange, mapped: MappedHeaders, media_type: Bytes) -> HeaderList {
    let mut headers = HeaderList::with_capacity(mapped.len() + 4);
    headers.push("Content-Type", media_type);
    headers.push("Accept", "application/json");
    headers.push(
        "User-Agent",
        Bytes::from(format!("AmazonAPIGateway_{}", exchange.api_id())),
    );
    headers.push(
        "X-Amzn-Apigateway-Api-Id",
        Bytes::copy_from_slice(exchange.api_id().as_bytes()),
    );
    for (name, values) in mapped {
        headers.remove(&name);
        for value in values {
            headers.push(&name, value);
        }
    }
    headers
}
