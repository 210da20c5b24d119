//! Whether a client that says nothing is still there (RFC 9113 section 6.7).

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use h2::{Ping, PingPong, server::Connection};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Instant, Sleep, sleep},
};

/// Asks once an interval in which no request came, and gives the client an interval to answer.
pub(super) struct Pulse {
    ping_pong: Option<PingPong>,
    interval: Duration,
    next: Pin<Box<Sleep>>,
    /// Requests until the last interval.
    begun: u64,
    is_asked: bool,
}

impl Pulse {
    pub(super) fn of<S: AsyncRead + AsyncWrite + Unpin>(
        connection: &mut Connection<S, bytes::Bytes>,
        interval: Duration,
    ) -> Self {
        Self {
            ping_pong: connection.ping_pong(),
            interval,
            next: Box::pin(sleep(interval)),
            begun: 0,
            is_asked: false,
        }
    }

    /// Ready when the client is gone; `begun` requests have come so far.
    pub(super) fn poll(&mut self, context: &mut Context<'_>, begun: u64) -> Poll<()> {
        let Some(ping_pong) = &mut self.ping_pong else {
            return Poll::Pending;
        };
        if self.is_asked && ping_pong.poll_pong(context).is_ready() {
            self.is_asked = false;
        }
        while self.next.as_mut().poll(context).is_ready() {
            if self.is_asked {
                return Poll::Ready(());
            }
            self.next.as_mut().reset(Instant::now() + self.interval);
            if std::mem::replace(&mut self.begun, begun) == begun {
                // One that cannot be sent is one of a connection that ends by itself.
                self.is_asked = ping_pong.send_ping(Ping::opaque()).is_ok();
            }
        }
        Poll::Pending
    }
}
