//! A connection that has become a WebSocket: bytes pass both ways between client and backend, unread, until one side ends, both
//! are silent too long, it has lasted too long, or a stop is asked for.
//!
//! Each direction holds at most one buffer, and none while nothing is on its way.

use std::{
    cell::RefCell,
    future::{Future, poll_fn},
    io,
    mem::MaybeUninit,
    pin::{Pin, pin},
    task::{Context, Poll, ready},
};

use bytes::{Buf, BytesMut};
use portcullis_egress::Deadline;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};

use super::{
    SharedWire, outgoing,
    wire::{Wire, Writer},
};
use crate::{
    edge::{Answer, connection::Shared, linger::LINGER_TIME},
    http::{
        Body, Response,
        websocket::{TUNNELS, Tunnel},
    },
};

/// Bytes that are read from a backend at once.
const READ_BYTES: usize = 8 * 1024;

/// Says 101 and passes bytes until the end. The connection serves nothing after it.
pub(super) async fn run<A: Answer, S: AsyncRead + AsyncWrite + Unpin + 'static>(
    shared: &Shared<A>,
    wire: &SharedWire<S>,
    mut response: Response,
) {
    let Body::Tunnel(tunnel) = std::mem::take(&mut response.body) else {
        return;
    };
    let Some(head) = outgoing::switching_head(&response, shared.clock.now()) else {
        return;
    };
    let mut writer = Writer(wire);
    let writing = async {
        writer.write_all(&head).await?;
        writer.flush().await
    };
    match tokio::time::timeout(shared.limits.write_idle_time, writing).await {
        Ok(Ok(())) => {}
        _ => return,
    }
    TUNNELS.note_opened();
    let Tunnel { backend, place } = *tunnel;
    let mut relay = Relay {
        up: Direction::default(),
        down: Direction::default(),
        held: BytesMut::new(),
        backend,
    };
    let mut stop = shared.stop.clone();
    let mut stopped = pin!(async move { drop(stop.wait_for(|stop| *stop).await) });
    let mut over = pin!(tokio::time::sleep(shared.limits.tunnel_time));
    let mut silence = Deadline::default();
    let ended = poll_fn(|context| {
        if stopped.as_mut().poll(context).is_ready() {
            return Poll::Ready("we stop");
        }
        if over.as_mut().poll(context).is_ready() {
            return Poll::Ready("it has lasted as long as it may");
        }
        let before = (relay.bytes(), relay.is_half_closed());
        let moved = relay.poll(wire, context);
        if let Poll::Ready(ended) = moved {
            return Poll::Ready(ended);
        }
        if (relay.bytes(), relay.is_half_closed()) != before {
            silence.clear();
        }
        let patience = if relay.is_half_closed() {
            LINGER_TIME
        } else {
            shared.limits.tunnel_idle_time
        };
        silence
            .poll(context, patience)
            .map(|()| "nothing passed for too long")
    })
    .await;
    // The backend is told; the client is by whoever closes its connection.
    drop(tokio::time::timeout(LINGER_TIME, relay.backend.shutdown()).await);
    drop(place);
    tracing::debug!(
        bytes_from_client = relay.up.bytes,
        bytes_to_client = relay.down.bytes,
        "a tunnel ended: {ended}"
    );
}

/// What has passed one way.
#[derive(Default)]
struct Direction {
    bytes: u64,
    /// Its source has ended, and its sink was told.
    ended: bool,
}

struct Relay {
    up: Direction,
    down: Direction,
    /// From the backend, for the client.
    held: BytesMut,
    backend: portcullis_egress::Tunnel,
}

impl Relay {
    const fn bytes(&self) -> u64 {
        self.up.bytes.wrapping_add(self.down.bytes)
    }

    const fn is_half_closed(&self) -> bool {
        self.up.ended || self.down.ended
    }

    /// Moves what can be moved; ready when both sides have ended, or one broke off.
    fn poll<S: AsyncRead + AsyncWrite + Unpin + 'static>(
        &mut self,
        wire: &RefCell<Wire<S>>,
        context: &mut Context<'_>,
    ) -> Poll<&'static str> {
        if !self.up.ended {
            match self.poll_up(wire, context) {
                Poll::Ready(Ok(())) => self.up.ended = true,
                Poll::Ready(Err(_)) => return Poll::Ready("one side broke off"),
                Poll::Pending => {}
            }
        }
        if !self.down.ended {
            match self.poll_down(wire, context) {
                Poll::Ready(Ok(())) => self.down.ended = true,
                Poll::Ready(Err(_)) => return Poll::Ready("one side broke off"),
                Poll::Pending => {}
            }
        }
        if self.up.ended && self.down.ended {
            Poll::Ready("both sides closed")
        } else {
            Poll::Pending
        }
    }

    /// From the client to the backend.
    fn poll_up<S: AsyncRead + AsyncWrite + Unpin + 'static>(
        &mut self,
        wire: &RefCell<Wire<S>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let wire = &mut *wire.borrow_mut();
        let mut backend = Pin::new(&mut self.backend);
        loop {
            while !wire.inbound.is_empty() {
                let taken = ready!(backend.as_mut().poll_write(context, &wire.inbound))?;
                if taken == 0 {
                    return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                }
                wire.inbound.advance(taken);
                self.up.bytes = self.up.bytes.wrapping_add(taken as u64);
                TUNNELS.note_from_client(taken);
            }
            wire.rest();
            match wire.poll_fill(context) {
                Poll::Ready(Ok(0)) => return backend.poll_shutdown(context),
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(cause)) => return Poll::Ready(Err(cause)),
                Poll::Pending => {
                    ready!(backend.as_mut().poll_flush(context))?;
                    return Poll::Pending;
                }
            }
        }
    }

    /// From the backend to the client.
    fn poll_down<S: AsyncRead + AsyncWrite + Unpin + 'static>(
        &mut self,
        wire: &RefCell<Wire<S>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        let mut client = Writer(wire);
        let mut client = Pin::new(&mut client);
        loop {
            while !self.held.is_empty() {
                let taken = ready!(client.as_mut().poll_write(context, &self.held))?;
                if taken == 0 {
                    return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                }
                self.held.advance(taken);
                self.down.bytes = self.down.bytes.wrapping_add(taken as u64);
                TUNNELS.note_to_client(taken);
            }
            let mut room = [MaybeUninit::<u8>::uninit(); READ_BYTES];
            let mut into = ReadBuf::uninit(&mut room);
            if Pin::new(&mut self.backend)
                .poll_read(context, &mut into)?
                .is_pending()
            {
                self.held = BytesMut::new();
                ready!(client.as_mut().poll_flush(context))?;
                return Poll::Pending;
            }
            if into.filled().is_empty() {
                return client.as_mut().poll_shutdown(context);
            }
            self.held.extend_from_slice(into.filled());
        }
    }
}
