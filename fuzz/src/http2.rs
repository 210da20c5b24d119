//! A client of HTTP/2 that says whatever it likes behind its greeting: in one piece or in many it asks for the same, what it asks for can
//! be written to a backend, and the `h2` crate, where it goes along, understands the same.
//!
//! Differences that are allowed, all of them places where others refuse and we do not, because what was said means one thing only: a
//! target that the `http` crate takes for none (markup, bytes over 0x7e), which the firewall must see as it came, and a host with
//! brackets and colons in places where they mean nothing, which is nobody's.

use std::{
    collections::BTreeMap,
    future::{Future, poll_fn},
    io,
    pin::{Pin, pin},
    task::{Context, Poll, Waker},
};

use portcullis_gateway::fuzzing::{Http2Session, http2_session};
use portcullis_model::{is_field_value, is_token};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

const GREETING: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
/// Fields of one connection, which nobody may pass on.
const OF_CONNECTION: [&[u8]; 5] = [
    b"connection",
    b"keep-alive",
    b"proxy-connection",
    b"transfer-encoding",
    b"upgrade",
];

pub(crate) fn session(said: &[u8]) {
    for is_answered in [true, false] {
        let whole = http2_session(said, usize::MAX, is_answered);
        for piece in [1, 11] {
            let pieces = http2_session(said, piece, is_answered);
            assert_eq!(
                format!("{whole:?}"),
                format!("{pieces:?}"),
                "in pieces of {piece}"
            );
        }
    }
    let ours = http2_session(said, usize::MAX, false);
    let Http2Session {
        requests,
        ended,
        failed,
    } = ours;
    let by_client = ended_by_client(said);
    let theirs = taken_by_others(said);
    for (stream, request) in &requests {
        assert!(is_token(&request.method), "no method");
        assert!(
            request.target.iter().all(|byte| *byte > b' ' && *byte != 0x7f),
            "no target"
        );
        let mut fields = BTreeMap::<String, Vec<String>>::new();
        for (name, value) in request.headers.iter() {
            assert!(
                is_token(name) && is_field_value(value),
                "a field that cannot be written"
            );
            assert!(!name.iter().any(u8::is_ascii_uppercase) && !OF_CONNECTION.contains(&name));
            let text = |bytes: &[u8]| bytes.escape_ascii().to_string();
            fields.entry(text(name)).or_default().push(text(value));
        }
        let Ok(theirs) = &theirs else { continue };
        let Some((method, target, others)) = theirs.get(stream) else {
            let is_odd = http::uri::PathAndQuery::try_from(&request.target[..]).is_err()
                || http::uri::Authority::try_from(&*request.authority).is_err();
            let is_over = ended.contains(stream)
                || by_client.iter().any(|id| id == stream || *id == 0)
                || failed.is_some();
            assert!(is_odd || is_over, "stream {stream} is none for others");
            continue;
        };
        assert_eq!(
            (method.as_bytes(), target.as_bytes()),
            (&request.method[..], &request.target[..])
        );
        assert_eq!(&fields, others, "other fields");
    }
}

/// Returns the streams that the client ends, 0 where it says that it goes away.
fn ended_by_client(mut said: &[u8]) -> Vec<u32> {
    let mut streams = Vec::new();
    while let Some([a, b, c, kind, _, stream @ ..]) = said.first_chunk::<9>() {
        let length = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
        if matches!(*kind, 3 | 7) {
            streams.push(u32::from_be_bytes(*stream) & 0x7fff_ffff);
        }
        said = said.get(9 + length..).unwrap_or_default();
    }
    streams
}

type Request = (String, String, BTreeMap<String, Vec<String>>);

/// What the `h2` crate takes up, by stream; none where it ends the connection.
fn taken_by_others(said: &[u8]) -> Result<BTreeMap<u32, Request>, h2::Error> {
    let stream = Said([GREETING, said].concat(), 0);
    let mut context = Context::from_waker(Waker::noop());
    let Poll::Ready(connection) = pin!(h2::server::handshake(stream)).poll(&mut context) else {
        return Ok(BTreeMap::new());
    };
    let mut connection = connection?;
    let mut taken = BTreeMap::new();
    let mut kept = Vec::new();
    while let Poll::Ready(Some(accepted)) =
        pin!(poll_fn(|context| connection.poll_accept(context))).poll(&mut context)
    {
        let (request, respond) = accepted?;
        let mut fields = BTreeMap::<String, Vec<String>>::new();
        for (name, value) in request.headers() {
            let name = name.as_str().as_bytes().escape_ascii().to_string();
            fields
                .entry(name)
                .or_default()
                .push(value.as_bytes().escape_ascii().to_string());
        }
        // Crumbs of cookies are one field again.
        if let Some(cookies) = fields.get_mut("cookie") {
            *cookies = vec![cookies.join("; ")];
        }
        let target = request
            .uri()
            .path_and_query()
            .map_or("", |target| target.as_str());
        let id = respond.stream_id().as_u32();
        taken.insert(id, (request.method().to_string(), target.to_owned(), fields));
        kept.push((request, respond));
    }
    Ok(taken)
}

/// A connection whose client has said all, and takes whatever it is sent.
struct Said(Vec<u8>, usize);

impl AsyncRead for Said {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let rest = &self.0[self.1..];
        if rest.is_empty() {
            return Poll::Pending;
        }
        let bytes = rest.len().min(into.remaining());
        into.put_slice(&rest[..bytes]);
        self.1 += bytes;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Said {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
