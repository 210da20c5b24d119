//! Between hyper's HTTP/2 messages and ours. What is ambiguous and still visible here is refused, not repaired.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
};

use bytes::{Bytes, BytesMut};
use http_body::{Body as HttpBody, Frame, SizeHint};
use hyper::body::Incoming;
use portcullis_model::HeaderList;

use super::{
    EdgeLimits,
    body_times::BodyTimes,
    conduct::OpenStream,
    http1::host,
    strictness::{self as rules, Rule},
};
use crate::http::{Body, BodyError, Peer, Request, Response, Version, body::ChunkSource};

/// Turns hyper's request into ours.
pub(crate) fn request(
    request: http::Request<Incoming>,
    peer: Peer,
    limits: &EdgeLimits,
) -> Result<Request, &'static Rule> {
    let (parts, incoming) = request.into_parts();
    let version = match parts.version {
        http::Version::HTTP_2 => Version::Http2,
        _ => return Err(rules::VERSION),
    };
    let target = parts
        .uri
        .path_and_query()
        .map_or("/", http::uri::PathAndQuery::as_str);
    if target.len() > limits.target_bytes_max {
        return Err(rules::TARGET_LENGTH);
    }
    // hyper counts each field with 32 bytes more, and drops what is over instead of answering.
    let fields = parts.headers.iter();
    let head_bytes: usize = fields
        .map(|(name, value)| name.as_str().len() + value.len() + 4)
        .sum();
    if target.len() + head_bytes > limits.head_bytes_max {
        return Err(rules::HEAD_LENGTH);
    }
    let authority = authority(&parts)?;
    let body = if HttpBody::is_end_stream(&incoming) {
        Body::Empty
    } else {
        Body::Stream(Box::new(IncomingBody {
            length: HttpBody::size_hint(&incoming).exact(),
            incoming,
            times: BodyTimes::new(limits),
        }))
    };
    Ok(Request {
        method: method(&parts.method),
        target: Bytes::copy_from_slice(target.as_bytes()),
        authority,
        version,
        headers: headers(&parts.headers),
        body,
        peer,
        proxy: None,
    })
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
fn authority(parts: &http::request::Parts) -> Result<String, &'static Rule> {
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

/// Copies all fields into one buffer and slices it: one allocation for all names and values.
fn headers(map: &http::HeaderMap) -> HeaderList {
    let bytes = map
        .iter()
        .map(|(name, value)| name.as_str().len() + value.len())
        .sum();
    let mut buffer = BytesMut::with_capacity(bytes);
    for (name, value) in map {
        buffer.extend_from_slice(name.as_str().as_bytes());
        buffer.extend_from_slice(value.as_bytes());
    }
    let mut rest = buffer.freeze();
    let mut list = HeaderList::with_capacity(map.len() + 4);
    for (name, value) in map {
        let name = rest.split_to(name.as_str().len());
        let value = rest.split_to(value.len());
        list.push(name, value);
    }
    list
}

/// Turns our response into hyper's. A field that HTTP cannot carry makes the whole answer a 500: nothing is cut.
pub(crate) fn response(response: Response, to_head: bool) -> http::Response<OutgoingBody> {
    let mut out = http::Response::new(OutgoingBody::new(Body::Empty));
    let status = http::StatusCode::from_u16(response.status).ok();
    // Interim answers are the codec's.
    let Some(status) = status.filter(|status| status.as_u16() >= 200) else {
        *out.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
        return out;
    };
    *out.status_mut() = status;
    out.headers_mut().reserve(response.headers.len() + 2);
    // The answer to a HEAD, and a 304, carry the length of a body that is not sent (RFC 9110 section 8.6). Any other
    // length is the codec's to say: one that somebody mapped could make two answers of one.
    let length_is_about_another_body =
        response.body.length() == Some(0) && (to_head || response.status == 304);
    for (name, value) in response.headers.iter_bytes() {
        let (Ok(name), Ok(value)) = (
            http::HeaderName::from_bytes(&name),
            http::HeaderValue::from_maybe_shared(value),
        ) else {
            tracing::error!("a response field is not valid HTTP: answered 500 instead");
            let mut failed = http::Response::new(OutgoingBody::new(Body::Empty));
            *failed.status_mut() = http::StatusCode::INTERNAL_SERVER_ERROR;
            return failed;
        };
        if is_framing(&name) || (name == http::header::CONTENT_LENGTH && !length_is_about_another_body) {
            continue;
        }
        out.headers_mut().append(name, value);
    }
    *out.body_mut() = OutgoingBody::new(response.body);
    out
}

/// Fields that belong to one connection (RFC 9110 section 7.6.1); HTTP/2 forbids them.
fn is_framing(name: &http::HeaderName) -> bool {
    matches!(
        name.as_str(),
        "connection" | "transfer-encoding" | "keep-alive" | "proxy-connection" | "upgrade" | "te"
    )
}

struct IncomingBody {
    incoming: Incoming,
    /// Of what is still to come.
    length: Option<u64>,
    times: BodyTimes,
}

impl ChunkSource for IncomingBody {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        loop {
            match Pin::new(&mut self.incoming).poll_frame(context) {
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Ready(Some(Err(cause))) => {
                    return Poll::Ready(Some(Err(BodyError::Broken(cause.to_string()))));
                }
                Poll::Ready(Some(Ok(frame))) => {
                    // Trailers are dropped: no layer has looked at them.
                    if let Ok(data) = frame.into_data() {
                        if data.is_empty() {
                            continue;
                        }
                        self.times.received(data.len());
                        self.length = self.length.map(|length| length.saturating_sub(data.len() as u64));
                        return Poll::Ready(Some(Ok(data)));
                    }
                }
                Poll::Pending => {
                    return self.times.poll(context).map(|()| Some(Err(BodyError::TimedOut)));
                }
            }
        }
    }

    fn length(&self) -> Option<u64> {
        self.length
    }
}

/// Our body in hyper's terms.
pub(crate) struct OutgoingBody {
    body: Body,
    /// Of a chunk that was too long for one piece.
    rest: Bytes,
    /// The stream that it goes out on.
    stream: Option<OpenStream>,
}

/// Bytes that hyper is given at a time: what it has it keeps until the client makes room, and nobody can tell how long.
const PIECE_BYTES_MAX: usize = 16 * 1024;

impl OutgoingBody {
    fn new(body: Body) -> Self {
        Self {
            body,
            rest: Bytes::new(),
            stream: None,
        }
    }

    /// Says on which stream it goes out.
    pub(super) fn goes_out_on(&mut self, stream: OpenStream) {
        if self.is_end_stream() {
            stream.ended();
        } else {
            self.stream = Some(stream);
        }
    }

    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        if self.rest.is_empty() {
            match ready!(self.body.poll_next(context)) {
                Some(Ok(chunk)) => self.rest = chunk,
                ended => return Poll::Ready(ended),
            }
        }
        let piece = self.rest.len().min(PIECE_BYTES_MAX);
        Poll::Ready(Some(Ok(self.rest.split_to(piece))))
    }
}

impl HttpBody for OutgoingBody {
    type Data = Bytes;
    type Error = BodyError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BodyError>>> {
        let piece = self.poll_piece(context);
        if let Some(stream) = &self.stream {
            match &piece {
                Poll::Pending => stream.waits_for_us(),
                Poll::Ready(Some(Ok(_))) if !self.is_end_stream() => stream.waits_for_client(),
                Poll::Ready(_) => stream.ended(),
            }
        }
        piece.map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_empty() && matches!(self.body, Body::Empty)
    }

    fn size_hint(&self) -> SizeHint {
        let rest = self.rest.len() as u64;
        self.body
            .length()
            .map_or_else(SizeHint::new, |length| SizeHint::with_exact(length + rest))
    }
}
