//! Writes a response (RFC 9112 sections 4 and 6): its head anew from our own fields, framing and connection ours alone.

use std::{
    cell::{Cell, RefCell},
    future::poll_fn,
    io,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use portcullis_egress::{AnswerBody, Deadline, Framing, OutgoingBody, Pipe, Sending};
use portcullis_model::{HeaderList, Timestamp, is_name, is_of_connection};
use tokio::io::{AsyncRead, AsyncWrite};

use super::{
    poll_gone,
    wire::{Wire, Writer},
};
use crate::{
    edge::{
        EdgeLimits, date,
        own_fields::{OwnFields, is_bodiless},
    },
    http::{Body, Response, Version},
};

/// Room for the head of an answer and a small body.
const OUT_BYTES: usize = 2 * 1024;
/// A larger buffer is not kept.
const KEPT_BYTES_MAX: usize = 32 * 1024;
/// Buffers that a thread keeps.
const BUFFERS_MAX: usize = 16;

thread_local! {
    static BUFFERS: RefCell<Vec<Vec<u8>>> = const { RefCell::new(Vec::new()) };
}

/// What a response is an answer to.
#[derive(Clone, Copy)]
pub(super) struct Asked {
    pub(super) version: Version,
    pub(super) to_head: bool,
    /// The connection is to serve another exchange.
    pub(super) persistent: bool,
    pub(super) now: Timestamp,
}

/// Sends a response; true when it went out whole and the connection can go on.
pub(super) async fn send<S: AsyncRead + AsyncWrite + Unpin + 'static>(
    wire: &RefCell<Wire<S>>,
    response: Response,
    mut asked: Asked,
    limits: &EdgeLimits,
) -> bool {
    let mut out = BUFFERS
        .with_borrow_mut(Vec::pop)
        .unwrap_or_else(|| Vec::with_capacity(OUT_BYTES));
    let (framing, mut body) = begin(&mut out, response, &mut asked);
    if matches!(framing, Framing::Length(_))
        && let Some(answer) = body.passing()
        && wire.borrow().socket().is_some()
        && let Some(pipe) = Pipe::borrow()
    {
        let whole = Box::pin(pass(wire, out, answer, pipe, limits)).await;
        return whole && asked.persistent;
    }
    let mut sending = Sending::new(out, framing, &mut body);
    let mut slow = Deadline::default();
    let client = Cell::new(Client::default());
    let whole = poll_fn(|context| {
        let mut writer = Watched {
            writer: Writer(wire),
            client: &client,
        };
        let sent = sending.poll(context, &mut writer);
        let Client { takes, is_full } = client.take();
        if takes {
            slow.clear();
        }
        match sent {
            Poll::Ready(sent) => Poll::Ready(sent.is_ok()),
            // A client that takes nothing must not hold what it asked for.
            Poll::Pending if is_full => slow.poll(context, limits.write_idle_time).map(|()| false),
            Poll::Pending => {
                slow.clear();
                poll_gone(wire, context).map(|()| false)
            }
        }
    })
    .await;
    let mut out = sending.into_buffer();
    if out.capacity() <= KEPT_BYTES_MAX {
        out.clear();
        BUFFERS.with_borrow_mut(|buffers| {
            if buffers.len() < BUFFERS_MAX {
                buffers.push(out);
            }
        });
    }
    whole && asked.persistent
}

/// Sends a head and what was read of the body behind it, and lets the rest pass unread.
async fn pass<S: AsyncRead + AsyncWrite + Unpin + 'static>(
    wire: &RefCell<Wire<S>>,
    mut head: Vec<u8>,
    body: &mut AnswerBody,
    mut pipe: Pipe,
    limits: &EdgeLimits,
) -> bool {
    head.extend_from_slice(&body.take_read());
    let mut nothing = ();
    let mut sending = Sending::new(head, Framing::None, &mut nothing);
    let mut slow = Deadline::default();
    poll_fn(|context| {
        loop {
            let mut takes = false;
            let sent = match sending.poll(context, &mut Writer(wire)) {
                Poll::Ready(Ok(())) => match wire.borrow().socket() {
                    Some(socket) => pipe.poll_drain(context, socket, || takes = true),
                    None => return Poll::Ready(false),
                },
                Poll::Ready(Err(_)) => return Poll::Ready(false),
                Poll::Pending => Poll::Pending,
            };
            if takes {
                slow.clear();
            }
            match sent {
                Poll::Ready(Ok(())) => slow.clear(),
                Poll::Ready(Err(_)) => return Poll::Ready(false),
                Poll::Pending => return slow.poll(context, limits.write_idle_time).map(|()| false),
            }
            match body.poll_pass(context, &mut pipe) {
                Poll::Ready(Ok(true)) => {}
                Poll::Ready(Ok(false)) => return Poll::Ready(true),
                Poll::Ready(Err(_)) => return Poll::Ready(false),
                Poll::Pending => return poll_gone(wire, context).map(|()| false),
            }
        }
    })
    .await
}

/// Writes the head into `out`, and returns how the body follows. A field that HTTP cannot carry makes the whole answer a 500:
/// nothing is cut.
fn begin(out: &mut Vec<u8>, response: Response, asked: &mut Asked) -> (Framing, Body) {
    let framing = framing(&response, *asked);
    asked.persistent &= framing != Framing::UntilClose;
    if write_head(out, &response, framing, *asked).is_some() {
        return (framing, response.body);
    }
    tracing::error!(
        status = response.status,
        "a response is not valid HTTP: answered 500 instead"
    );
    out.clear();
    let failed = Response {
        status: 500,
        headers: HeaderList::new(),
        body: Body::Empty,
    };
    let framing = self::framing(&failed, *asked);
    let _written = write_head(out, &failed, framing, *asked);
    (framing, failed.body)
}

fn framing(response: &Response, asked: Asked) -> Framing {
    match (is_bodiless(response, asked.to_head), response.body.length()) {
        (true, _) => Framing::None,
        (false, Some(length)) => Framing::Length(length),
        (false, None) if asked.version == Version::Http10 => Framing::UntilClose,
        (false, None) => Framing::Chunked,
    }
}

/// None where the response cannot be written.
fn write_head(out: &mut Vec<u8>, response: &Response, framing: Framing, asked: Asked) -> Option<()> {
    if response.headers.bad_field().is_some() {
        return None;
    }
    status_line(out, response.status)?;
    let mut own = OwnFields::of(response, is_bodiless(response, asked.to_head));
    response.headers.write_lines(out, |name| own.passes(name));
    let mut length = |length: u64| {
        out.extend_from_slice(b"Content-Length: ");
        out.extend_from_slice(itoa::Buffer::new().format(length).as_bytes());
        out.extend_from_slice(b"\r\n");
    };
    match (framing, response.body.length()) {
        (Framing::Length(bytes), _) => length(bytes),
        (Framing::None, Some(bytes)) if asked.to_head && !own.has_length => length(bytes),
        (Framing::Chunked, _) => out.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
        (Framing::None | Framing::UntilClose, _) => {}
    }
    if !asked.persistent {
        out.extend_from_slice(b"Connection: close\r\n");
    } else if asked.version == Version::Http10 {
        out.extend_from_slice(b"Connection: keep-alive\r\n");
    }
    if !own.is_dated {
        out.extend_from_slice(b"Date: ");
        date::append(out, asked.now);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
    Some(())
}

/// Interim answers are written elsewhere.
fn status_line(out: &mut Vec<u8>, status: u16) -> Option<()> {
    if status == 200 {
        out.extend_from_slice(b"HTTP/1.1 200 OK\r\n");
        return Some(());
    }
    let status = http::StatusCode::from_u16(status).ok();
    let status = status.filter(|status| (200..=599).contains(&status.as_u16()))?;
    out.extend_from_slice(b"HTTP/1.1 ");
    out.extend_from_slice(status.as_str().as_bytes());
    out.push(b' ');
    out.extend_from_slice(status.canonical_reason().unwrap_or_default().as_bytes());
    out.extend_from_slice(b"\r\n");
    Some(())
}

/// Returns the head of a 101 that switches to a WebSocket (RFC 9110 section 15.2.2), none where it cannot be written.
pub(super) fn switching_head(response: &Response, now: Timestamp) -> Option<Vec<u8>> {
    if response.headers.bad_field().is_some() {
        tracing::error!("the head of a tunnel is not valid HTTP: it is not opened");
        return None;
    }
    let mut out = Vec::with_capacity(OUT_BYTES);
    out.extend_from_slice(
        b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n",
    );
    let mut is_dated = false;
    response.headers.write_lines(&mut out, |name| {
        is_dated |= is_name(name, b"date");
        !is_of_connection(name) && !is_name(name, b"content-length")
    });
    if !is_dated {
        out.extend_from_slice(b"Date: ");
        date::append(&mut out, now);
        out.extend_from_slice(b"\r\n");
    }
    out.extend_from_slice(b"\r\n");
    Some(out)
}

impl OutgoingBody for Body {
    fn length(&self) -> Option<u64> {
        Self::length(self)
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, String>>> {
        let next = Self::poll_next(self, context);
        next.map(|chunk| chunk.map(|chunk| chunk.map_err(|cause| cause.to_string())))
    }

    fn whole(&self) -> Option<&Bytes> {
        match self {
            Self::Full(bytes) => Some(bytes),
            _ => None,
        }
    }
}

/// What the client did while we wrote.
#[derive(Clone, Copy, Default)]
struct Client {
    takes: bool,
    /// It is the client that keeps us waiting.
    is_full: bool,
}

/// Notes what the client does.
struct Watched<'w, S> {
    writer: Writer<'w, S>,
    client: &'w Cell<Client>,
}

impl<S> Watched<'_, S> {
    fn note<T>(&self, outcome: Poll<T>, takes: bool) -> Poll<T> {
        let before = self.client.get();
        self.client.set(Client {
            takes: before.takes || (takes && outcome.is_ready()),
            is_full: outcome.is_pending(),
        });
        outcome
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin + 'static> AsyncWrite for Watched<'_, S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.writer).poll_write(context, bytes);
        self.note(outcome, true)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let outcome = Pin::new(&mut self.writer).poll_write_vectored(context, slices);
        self.note(outcome, true)
    }

    fn is_write_vectored(&self) -> bool {
        self.writer.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let outcome = Pin::new(&mut self.writer).poll_flush(context);
        self.note(outcome, false)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.writer).poll_shutdown(context)
    }
}
