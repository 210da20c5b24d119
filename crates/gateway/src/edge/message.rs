//! Between HTTP/2's messages and ours. What is ambiguous and still visible here is refused, not repaired.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use bytes::{Bytes, BytesMut};
use h2::RecvStream;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use portcullis_model::{HeaderList, Timestamp, is_name};

use super::{
    EdgeLimits,
    body_times::BodyTimes,
    date,
    http1::host,
    strictness::{self as rules, Rule},
};
use crate::http::{Body, BodyError, Peer, Request, Response, Version, body::ChunkSource};

/// Turns a request into ours.
pub(super) fn request(
    request: http::Request<RecvStream>,
    peer: Peer,
    limits: &EdgeLimits,
) -> Result<Box<Request>, &'static Rule> {
    let (parts, incoming) = request.into_parts();
    let version = match parts.version {
        http::Version::HTTP_2 => Version::Http2,
        _ => return Err(rules::VERSION),
    };
    if parts.method == http::Method::CONNECT {
        return Err(rules::TUNNEL);
    }
    let target = parts
        .uri
        .path_and_query()
        .map_or("/", http::uri::PathAndQuery::as_str);
    if target.len() > limits.target_bytes_max {
        return Err(rules::TARGET_LENGTH);
    }
    // The codec counts each field with 32 bytes more, and drops what is over instead of answering.
    let fields = parts.headers.iter();
    let head_bytes: usize = fields
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum();
    if target.len() + head_bytes > limits.head_bytes_max {
        return Err(rules::HEAD_LENGTH);
    }
    let authority = authority(&parts)?;
    let body = if incoming.is_end_stream() {
        Body::Empty
    } else {
        Body::Stream(Box::new(IncomingBody {
            length: declared_length(&parts.headers),
            incoming,
            times: BodyTimes::new(limits),
        }))
    };
    Ok(Box::new(Request {
        method: method(&parts.method),
        target: Bytes::copy_from_slice(target.as_bytes()).into(),
        authority,
        version,
        headers: headers(&parts.headers),
        body,
        peer,
        proxy: None,
    }))
}

fn method(method: &http::Method) -> Bytes {
    match *method {
        http::Method::GET => Bytes::from_static(b"GET"),
        http::Method::POST => Bytes::from_static(b"POST"),
        http::Method::PUT => Bytes::from_static(b"PUT"),
        http::Method::DELETE => Bytes::from_static(b"DELETE"),
        http::Method::PATCH => Bytes::from_static(b"PATCH"),
        http::Method::HEAD => Bytes::from_static(b"HEAD"),
        http::Method::OPTIONS => Bytes::from_static(b"OPTIONS"),
        _ => Bytes::copy_from_slice(method.as_str().as_bytes()),
    }
}

/// The one host a request is for: where `:authority` and `Host` both name one (RFC 9113 section 8.3.1), they must agree.
fn authority(parts: &http::request::Parts) -> Result<Arc<str>, &'static Rule> {
    let mut hosts = parts.headers.get_all(http::header::HOST).iter();
    let field = hosts.next().map(|value| host(value.as_bytes())).transpose()?;
    if hosts.next().is_some() {
        return Err(rules::TWO_HOSTS);
    }
    let target = parts
        .uri
        .authority()
        .map(|target| host(target.as_str().as_bytes()));
    match (field, target.transpose()?) {
        (Some(field), Some(target)) if !field.eq_ignore_ascii_case(&target) => Err(rules::OTHER_HOST),
        (Some(host), _) | (None, Some(host)) if !host.is_empty() => Ok(host),
        _ => Err(rules::NO_HOST),
    }
}

/// Copies all fields into one block, as lines: so they are written to a backend.
fn headers(map: &HeaderMap) -> HeaderList {
    let bytes = map
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum();
    let mut block = BytesMut::with_capacity(bytes);
    for (name, value) in map {
        block.extend_from_slice(name.as_str().as_bytes());
        block.extend_from_slice(b": ");
        block.extend_from_slice(value.as_bytes());
        block.extend_from_slice(b"\r\n");
    }
    let mut list = HeaderList::read_from(block.freeze(), map.len() + 4);
    let mut start = 0;
    for (name, value) in map {
        let name_end = start + name.as_str().len();
        let end = name_end + 2 + value.len();
        list.push_read(start..name_end, name_end + 2..end);
        start = end + 2;
    }
    list
}

/// The length of a body, where its sender declares one. The codec compares it with the frames.
fn declared_length(headers: &HeaderMap) -> Option<u64> {
    let mut lengths = headers.get_all(header::CONTENT_LENGTH).iter();
    let first = lengths.next()?;
    let length = first.to_str().ok()?.parse().ok()?;
    lengths.all(|other| other == first).then_some(length)
}

/// What a response answers.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub(super) to_head: bool,
    pub(super) now: Timestamp,
}

/// Takes a response apart for HTTP/2. A field that HTTP cannot carry makes the whole answer a 500: nothing is cut.
pub(super) fn response(response: Response, asked: Asked) -> (http::Response<()>, Body) {
    let status = StatusCode::from_u16(response.status).ok();
    // Interim answers are the codec's.
    let status = status.filter(|status| status.as_u16() >= 200);
    let length = response.body.length();
    let is_bodiless = asked.to_head || matches!(response.status, 204 | 304);
    // The answer to a HEAD, and a 304, carry the length of a body that is not sent (RFC 9110 section 8.6). Any other
    // length is ours to say: one that somebody mapped could make two answers of one.
    let is_about_another_body = is_bodiless && response.status != 204 && length == Some(0);
    let mut out = http::Response::new(());
    let headers = fields(response.headers, is_about_another_body);
    let (Some(status), Some((headers, said))) = (status, headers) else {
        tracing::error!(
            status = response.status,
            "a response is not valid HTTP: answered 500 instead"
        );
        *out.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        finish(out.headers_mut(), Said::default(), asked, None);
        return (out, Body::Empty);
    };
    *out.status_mut() = status;
    *out.headers_mut() = headers;
    let length = length.filter(|length| *length > 0 && (asked.to_head || !is_bodiless));
    finish(out.headers_mut(), said, asked, length);
    let body = if is_bodiless { Body::Empty } else { response.body };
    (out, body)
}

/// What the fields of a response say of what is ours to say.
#[derive(Clone, Copy, Default)]
struct Said {
    date: bool,
    length: bool,
}

/// None where one cannot be carried.
fn fields(list: HeaderList, keeps_length: bool) -> Option<(HeaderMap, Said)> {
    let mut map = HeaderMap::with_capacity(list.len() + 2);
    let mut said = Said::default();
    list.try_for_each(|name, value| {
        let mut value = HeaderValue::from_maybe_shared(value).ok()?;
        let is_length = is_name(name, b"content-length");
        if is_length && !keeps_length {
            return Some(());
        }
        said.length |= is_length;
        said.date |= is_name(name, b"date");
        // In the codec's table they would take the room of what is the same in every answer.
        if let Some(unique) = unique(name) {
            value.set_sensitive(true);
            map.append(unique, value);
            return Some(());
        }
        let name = HeaderName::from_bytes(name).ok()?;
        if !is_framing(&name) {
            map.append(name, value);
        }
        Some(())
    })?;
    Some((map, said))
}

/// Returns the name of a field with another value in each answer, if it is one.
fn unique(name: &[u8]) -> Option<HeaderName> {
    let unique = match name.len() {
        11 => const { HeaderName::from_static("x-amz-cf-id") },
        14 => const { HeaderName::from_static("x-amz-apigw-id") },
        15 => const { HeaderName::from_static("x-amzn-trace-id") },
        16 => const { HeaderName::from_static("x-amzn-requestid") },
        _ => return None,
    };
    is_name(name, unique.as_str().as_bytes()).then_some(unique)
}

/// Adds what is ours to say.
fn finish(headers: &mut HeaderMap, said: Said, asked: Asked, length: Option<u64>) {
    if let Some(length) = length.filter(|_| !said.length) {
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    }
    if !said.date
        && let Some(date) = date::value(asked.now)
    {
        headers.insert(header::DATE, date);
    }
}

/// Fields that belong to one connection (RFC 9110 section 7.6.1); HTTP/2 forbids them.
fn is_framing(name: &HeaderName) -> bool {
    matches!(
        name.as_str(),
        "connection" | "transfer-encoding" | "keep-alive" | "proxy-connection" | "upgrade" | "te"
    )
}

struct IncomingBody {
    incoming: RecvStream,
    /// Of what is still to come.
    length: Option<u64>,
    times: BodyTimes,
}

impl ChunkSource for IncomingBody {
    /// Trailers are dropped: no layer has looked at them.
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        loop {
            let data = match self.incoming.poll_data(context) {
                Poll::Pending => {
                    return self.times.poll(context).map(|()| Some(Err(BodyError::TimedOut)));
                }
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Ready(Some(data)) => data,
            };
            // Taken: the client may send as much again.
            let taken = data.and_then(|data| {
                self.incoming.flow_control().release_capacity(data.len())?;
                Ok(data)
            });
            match taken {
                Ok(data) if data.is_empty() => {}
                Ok(data) => {
                    self.times.received(data.len());
                    self.length = self.length.map(|length| length.saturating_sub(data.len() as u64));
                    return Poll::Ready(Some(Ok(data)));
                }
                Err(cause) => return Poll::Ready(Some(Err(BodyError::Broken(cause.to_string())))),
            }
        }
    }

    fn length(&self) -> Option<u64> {
        self.length
    }
}
