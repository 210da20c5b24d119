//! Sockets, in clear text or under the edge's TLS, read and written by the system's own calls. Those of the C library mark each call as a place where a thread
//! may be cancelled, which nobody does here, and which costs a hundredth of a request.

use std::{
    cell::RefCell,
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, Interest, ReadBuf},
    net::TcpStream,
};

/// Room for the head of a message, and for a small body behind it.
const RECEIVED_BYTES: usize = 2 * 1024;

thread_local! {
    static RECEIVED: RefCell<[u8; RECEIVED_BYTES]> = const { RefCell::new([0; RECEIVED_BYTES]) };
}

/// Reads what has come, and hands it to `take`: nothing at the end. Who waits for something needs no memory for it yet.
pub fn poll_recv<T>(
    socket: &TcpStream,
    context: &mut Context<'_>,
    take: impl FnOnce(&[u8]) -> T,
) -> Poll<io::Result<T>> {
    RECEIVED.with_borrow_mut(|room| {
        let length = ready!(poll_call(socket, context, Interest::READABLE, room.len(), || {
            system::recv(socket, room)
        }))?;
        Poll::Ready(Ok(take(room.get(..length).unwrap_or_default())))
    })
}

/// Writes `bytes`, and returns how many were taken.
pub fn poll_send(socket: &TcpStream, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
    poll_call(socket, context, Interest::WRITABLE, bytes.len(), || {
        system::send(socket, bytes)
    })
}

/// A socket under TLS, read and written so.
#[derive(Debug)]
pub struct RawSocket(TcpStream);

impl From<TcpStream> for RawSocket {
    fn from(socket: TcpStream) -> Self {
        Self(socket)
    }
}

impl AsyncRead for RawSocket {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        into: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let room = into.initialize_unfilled();
        if room.is_empty() {
            return Poll::Ready(Ok(()));
        }
        let length = ready!(poll_call(
            &self.0,
            context,
            Interest::READABLE,
            room.len(),
            || system::recv(&self.0, room)
        ))?;
        into.advance(length);
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for RawSocket {
    fn poll_write(self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        poll_send(&self.0, context, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if let [piece] = pieces {
            return poll_send(&self.0, context, piece);
        }
        let wanted = pieces.iter().map(|piece| piece.len()).sum();
        poll_call(&self.0, context, Interest::WRITABLE, wanted, || {
            system::send_pieces(&self.0, pieces)
        })
    }

    fn is_write_vectored(&self) -> bool {
        true
    }

    fn poll_flush(self: Pin<&mut Self>, _context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}

/// Calls the system when the socket is ready, for `wanted` bytes, and returns how many it moved.
fn poll_call(
    socket: &TcpStream,
    context: &mut Context<'_>,
    interest: Interest,
    wanted: usize,
    mut call: impl FnMut() -> io::Result<usize>,
) -> Poll<io::Result<usize>> {
    loop {
        ready!(match interest.is_readable() {
            true => socket.poll_read_ready(context),
            false => socket.poll_write_ready(context),
        })?;
        let mut moved = None;
        let outcome = socket.try_io(interest, || {
            let length = call()?;
            moved = Some(length);
            // The system had no more, and will say when it has: the next call need not find out.
            if (1..wanted).contains(&length) {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            Ok(())
        });
        match (moved, outcome) {
            (Some(length), _) => return Poll::Ready(Ok(length)),
            (None, Err(cause)) if cause.kind() != io::ErrorKind::WouldBlock => {
                return Poll::Ready(Err(cause));
            }
            // It was not ready after all.
            (None, _) => {}
        }
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::{
        io::{self, IoSlice},
        os::fd::AsFd,
    };

    use rustix::{
        io::{retry_on_intr, writev},
        net::{self, RecvFlags, SendFlags},
    };

    pub(super) fn recv(socket: impl AsFd, room: &mut [u8]) -> io::Result<usize> {
        let (_, length) = retry_on_intr(|| net::recv(&socket, &mut *room, RecvFlags::empty()))?;
        Ok(length)
    }

    pub(super) fn send(socket: impl AsFd, bytes: &[u8]) -> io::Result<usize> {
        Ok(retry_on_intr(|| net::send(&socket, bytes, SendFlags::NOSIGNAL))?)
    }

    pub(super) fn send_pieces(socket: impl AsFd, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        Ok(retry_on_intr(|| writev(&socket, pieces))?)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::io::{self, IoSlice};

    use tokio::net::TcpStream;

    pub(super) fn recv(socket: &TcpStream, room: &mut [u8]) -> io::Result<usize> {
        socket.try_read(room)
    }

    pub(super) fn send(socket: &TcpStream, bytes: &[u8]) -> io::Result<usize> {
        socket.try_write(bytes)
    }

    pub(super) fn send_pieces(socket: &TcpStream, pieces: &[IoSlice<'_>]) -> io::Result<usize> {
        socket.try_write_vectored(pieces)
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::tests::pair;

    async fn received(socket: &TcpStream) -> Vec<u8> {
        poll_fn(|context| poll_recv(socket, context, <[u8]>::to_vec))
            .await
            .unwrap()
    }

    #[tokio::test]
    async fn what_is_sent_comes_in_order_and_ends() {
        let (mut client, server) = pair().await;
        for length in [1, RECEIVED_BYTES - 1, RECEIVED_BYTES, RECEIVED_BYTES + 1, 100_000] {
            let sent: Vec<u8> = (0..length).map(|at| u8::try_from(at % 251).unwrap()).collect();
            client.write_all(&sent).await.unwrap();
            let mut read = Vec::new();
            while read.len() < length {
                read.extend(received(&server).await);
            }
            assert_eq!(read, sent, "{length}");
        }
        client.shutdown().await.unwrap();
        assert_eq!(received(&server).await, b"");
        assert_eq!(received(&server).await, b"", "and goes on saying so");
    }

    #[tokio::test]
    async fn pieces_are_written_in_order() {
        let (client, server) = pair().await;
        let (mut client, mut server) = (RawSocket::from(client), RawSocket::from(server));
        for pieces in [&["a"][..], &["", "bc", "", "def"], &["g", "h"]] {
            let slices: Vec<IoSlice<'_>> = pieces
                .iter()
                .map(|piece| IoSlice::new(piece.as_bytes()))
                .collect();
            let sent = client.write_vectored(&slices).await.unwrap();
            let expected = pieces.concat();
            assert_eq!(sent, expected.len());
            let mut read = vec![0; expected.len()];
            server.read_exact(&mut read).await.unwrap();
            assert_eq!(read, expected.as_bytes());
        }
        client.shutdown().await.unwrap();
        assert_eq!(server.read(&mut [0; 4]).await.unwrap(), 0);
    }

    #[tokio::test]
    async fn an_end_that_comes_with_the_last_bytes_is_not_missed() {
        let (mut client, server) = pair().await;
        client.write_all(b"last").await.unwrap();
        drop(client);
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        assert_eq!(received(&server).await, b"last");
        let end = tokio::time::timeout(std::time::Duration::from_secs(5), received(&server));
        assert_eq!(end.await.unwrap(), b"");
    }

    #[tokio::test]
    async fn who_writes_waits_for_a_reader_that_is_slow_and_hears_of_one_that_is_gone() {
        let (client, mut server) = pair().await;
        let bytes = vec![7; 16 << 20];
        let writing = async {
            let mut sent = 0;
            while sent < bytes.len() {
                sent += poll_fn(|context| poll_send(&client, context, &bytes[sent..]))
                    .await
                    .unwrap();
            }
        };
        let reading = async {
            let mut read = vec![0; bytes.len()];
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            server.read_exact(&mut read).await.unwrap();
            read
        };
        let ((), read) = tokio::join!(writing, reading);
        assert!(read == bytes);
        drop(server);
        let failed = async {
            while poll_fn(|context| poll_send(&client, context, &bytes))
                .await
                .is_ok()
            {}
        };
        tokio::time::timeout(std::time::Duration::from_secs(5), failed)
            .await
            .unwrap();
    }
}
