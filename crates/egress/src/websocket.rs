//! Asks a server for a WebSocket (RFC 6455 section 4), and hands out the connection as a tunnel when the server has proven that
//! it understood the question: a 101 that somebody made up opens nothing.

use std::{
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll},
};

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, digest};
use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Buf;
use portcullis_model::HeaderList;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf},
    time::{Instant, timeout_at},
};

use crate::{
    Answer, AnswerBody, Client, EgressError, Phase, Target, Timeouts,
    answer::Waiting,
    connection::Connection,
    head::{self, Asked, Head},
    lines::HeadScan,
    request::write_head,
    sending::Framing,
};

/// What every server appends to the key that it was sent (RFC 6455 section 1.3).
const PROOF_SUFFIX: &[u8] = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

/// What came of asking for a WebSocket.
pub enum Upgraded {
    /// The server switched; the headers of its 101.
    Tunnel(HeaderList, Tunnel),
    /// It did not want to.
    Answered(Answer),
}

impl Client {
    /// Asks `target` for a WebSocket, with the `Sec-WebSocket-*` fields of `headers`. Always on a connection of its own.
    pub async fn upgrade(
        &self,
        target: &Target,
        path_and_query: &[u8],
        headers: &HeaderList,
        timeouts: &Timeouts,
    ) -> Result<Upgraded, EgressError> {
        let mut head = Vec::with_capacity(1024);
        write_head(&mut head, target, b"GET", path_and_query, headers, Framing::None)?;
        let end = head.len().saturating_sub(2);
        head.truncate(end);
        head.extend_from_slice(b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n");
        let proof = proof(headers)?;
        let started = Instant::now();
        let asking = async {
            let mut connection = self.connect(target, started + timeouts.connect).await?;
            let answer = self.ask(&mut connection, &head).await?;
            Ok::<_, EgressError>((connection, answer))
        };
        let (connection, answer) = match timeout_at(started + timeouts.answer, asking).await {
            Ok(asked) => asked?,
            Err(_elapsed) => return Err(EgressError::TimedOut(Phase::Answer)),
        };
        if answer.status != 101 {
            let waiting = Waiting::new(timeouts.total.map(|total| started + total), timeouts.idle);
            let body = AnswerBody::begin(
                connection,
                answer.framing,
                answer.persistent,
                self.pool(),
                self.limits(),
                || waiting,
            )?;
            return Ok(Upgraded::Answered(Answer {
                status: answer.status,
                headers: answer.headers,
                body,
            }));
        }
        let mut accepts = answer.headers.all("sec-websocket-accept");
        if accepts.next().is_none_or(|accept| accept != proof.as_bytes()) || accepts.next().is_some() {
            return Err(EgressError::Protocol(
                "it switches to a WebSocket without having understood the key",
            ));
        }
        drop(accepts);
        Ok(Upgraded::Tunnel(answer.headers, Tunnel(connection)))
    }

    /// Writes `head` and reads on to the answer that counts: final, or a 101.
    async fn ask(&self, connection: &mut Connection, head: &[u8]) -> Result<Head, EgressError> {
        let limits = self.limits();
        connection
            .stream
            .write_all(head)
            .await
            .map_err(EgressError::Broken)?;
        connection.stream.flush().await.map_err(EgressError::Broken)?;
        let mut informational = 0;
        let mut scan = HeadScan::default();
        let asked = Asked {
            method: b"GET",
            switch: true,
        };
        loop {
            while let Some(head) = head::take(&mut connection.inbound, &mut scan, asked, limits)? {
                if head.status == 101 || head.status >= 200 {
                    return Ok(head);
                }
                informational += 1;
                if informational > limits.informational_max {
                    return Err(EgressError::Protocol(
                        "it is preceded by more interim answers than allowed",
                    ));
                }
            }
            let read = poll_fn(|context| connection.poll_fill(context)).await;
            if read.map_err(EgressError::Broken)? == 0 {
                return Err(EgressError::Broken(io::ErrorKind::UnexpectedEof.into()));
            }
        }
    }
}

/// Returns what the server must answer to the key in `headers`.
fn proof(headers: &HeaderList) -> Result<String, EgressError> {
    let mut keys = headers.all("sec-websocket-key");
    match (keys.next(), keys.next()) {
        (Some(key), None) => {
            let hash = digest(&SHA1_FOR_LEGACY_USE_ONLY, &[key, PROOF_SUFFIX].concat());
            Ok(BASE64_STANDARD.encode(hash))
        }
        _ => Err(EgressError::Request("it asks for a WebSocket without one key")),
    }
}

/// A connection to a server, as bytes in both directions: those that came behind the 101 first.
pub struct Tunnel(Box<Connection>);

impl AsyncRead for Tunnel {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Connection { stream, inbound, .. } = &mut *self.0;
        if inbound.is_empty() {
            return Pin::new(stream).poll_read(context, into);
        }
        let some = inbound.len().min(into.remaining());
        into.put_slice(inbound.get(..some).unwrap_or_default());
        inbound.advance(some);
        if inbound.is_empty() {
            // A tunnel that waits holds no buffer.
            *inbound = bytes::BytesMut::new();
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Tunnel {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0.stream).poll_shutdown(context)
    }
}
