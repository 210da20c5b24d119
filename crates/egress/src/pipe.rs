//! Long bodies from socket to socket without a copy: through a pipe, by splice(2). Only where both sockets speak clear text and no
//! layer has to see the bytes; where the system has no pipe for us, they are copied, as everywhere else.

use std::{
    cell::RefCell,
    io,
    os::fd::OwnedFd,
    task::{Context, Poll, ready},
};

use tokio::{io::Interest, net::TcpStream};

/// What a pipe holds at most; fewer bytes where the system says so (`fs.pipe-max-size`, `fs.pipe-user-pages-soft`).
const PIPE_BYTES: usize = 512 * 1024;
/// Pipes of a thread, lent or not, and those that it keeps for bodies to come.
const PIPES_MAX: usize = 64;
const SPARE_MAX: usize = 8;

thread_local! {
    static PIPES: RefCell<Pipes> = const { RefCell::new(Pipes { lent: 0, spare: Vec::new() }) };
}

struct Pipes {
    lent: usize,
    spare: Vec<Ends>,
}

struct Ends {
    reader: OwnedFd,
    writer: OwnedFd,
}

/// A pipe that is lent for one body.
pub struct Pipe {
    /// None only while it is dropped.
    ends: Option<Ends>,
    held_bytes: usize,
}

impl Pipe {
    /// Borrows one of the thread's, none when all are lent or the system has none.
    pub fn borrow() -> Option<Self> {
        let ends = PIPES.with_borrow_mut(|pipes| {
            if pipes.lent >= PIPES_MAX {
                return None;
            }
            let ends = match pipes.spare.pop() {
                Some(ends) => ends,
                None => Ends::open().ok()?,
            };
            pipes.lent += 1;
            Some(ends)
        })?;
        Some(Self {
            ends: Some(ends),
            held_bytes: 0,
        })
    }

    /// Moves into the empty pipe what has come from `socket`, `most` bytes of it; 0 at the end.
    pub(crate) fn poll_fill(
        &mut self,
        context: &mut Context<'_>,
        socket: &TcpStream,
        most: u64,
    ) -> Poll<io::Result<usize>> {
        let most = usize::try_from(most).unwrap_or(usize::MAX).min(PIPE_BYTES);
        let Some(ends) = &self.ends else {
            return Poll::Ready(Ok(0));
        };
        let moved = loop {
            ready!(socket.poll_read_ready(context))?;
            let moved = socket.try_io(Interest::READABLE, || system::splice(socket, &ends.writer, most));
            match moved {
                Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => {}
                moved => break moved?,
            }
        };
        self.held_bytes += moved;
        Poll::Ready(Ok(moved))
    }

    /// Moves on what the pipe holds; ready when `socket` has taken all of it. `note` is called when it took some.
    pub fn poll_drain(
        &mut self,
        context: &mut Context<'_>,
        socket: &TcpStream,
        mut note: impl FnMut(),
    ) -> Poll<io::Result<()>> {
        while self.held_bytes > 0 {
            let Some(ends) = &self.ends else { break };
            ready!(socket.poll_write_ready(context))?;
            let moved = socket.try_io(Interest::WRITABLE, || {
                system::splice(&ends.reader, socket, self.held_bytes)
            });
            match moved {
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Ok(moved) => {
                    self.held_bytes = self.held_bytes.saturating_sub(moved);
                    note();
                }
                Err(cause) if cause.kind() == io::ErrorKind::WouldBlock => {}
                Err(cause) => return Poll::Ready(Err(cause)),
            }
        }
        Poll::Ready(Ok(()))
    }
}

impl Ends {
    fn open() -> io::Result<Self> {
        let (reader, writer) = system::pipe()?;
        Ok(Self { reader, writer })
    }
}

#[cfg(target_os = "linux")]
mod system {
    use std::{
        io,
        os::fd::{AsFd, OwnedFd},
    };

    use rustix::pipe::{self, PipeFlags, SpliceFlags};

    pub(super) fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
        let (reader, writer) = pipe::pipe_with(PipeFlags::NONBLOCK | PipeFlags::CLOEXEC)?;
        // As large as it is, where it may not be larger.
        let _size = pipe::fcntl_setpipe_size(&writer, super::PIPE_BYTES);
        Ok((reader, writer))
    }

    /// Moves up to `most` bytes; nobody waits in the call.
    pub(super) fn splice(from: impl AsFd, to: impl AsFd, most: usize) -> io::Result<usize> {
        let flags = SpliceFlags::MOVE | SpliceFlags::NONBLOCK;
        Ok(pipe::splice(from, None, to, None, most, flags)?)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::{
        io,
        os::fd::{AsFd, OwnedFd},
    };

    pub(super) fn pipe() -> io::Result<(OwnedFd, OwnedFd)> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn splice(_from: impl AsFd, _to: impl AsFd, _most: usize) -> io::Result<usize> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        let ends = self.ends.take();
        let is_empty = self.held_bytes == 0;
        // There is no count any more when the thread ends.
        let _counted = PIPES.try_with(|pipes| {
            let mut pipes = pipes.borrow_mut();
            pipes.lent = pipes.lent.saturating_sub(1);
            // One with bytes in it would give them to the next body.
            if is_empty && pipes.spare.len() < SPARE_MAX {
                pipes.spare.extend(ends);
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use std::future::poll_fn;

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::tests::pair;

    fn counts() -> (usize, usize) {
        PIPES.with_borrow(|pipes| (pipes.lent, pipes.spare.len()))
    }

    #[tokio::test]
    async fn bytes_pass_and_no_more_than_were_asked_for() {
        let ((mut source, from), (to, mut sink)) = (pair().await, pair().await);
        source.write_all(b"headbodynext").await.unwrap();
        let mut pipe = Pipe::borrow().unwrap();
        assert_eq!(counts(), (1, 0));
        let moved = poll_fn(|context| pipe.poll_fill(context, &from, 8))
            .await
            .unwrap();
        assert_eq!(moved, 8);
        let mut times = 0;
        poll_fn(|context| pipe.poll_drain(context, &to, || times += 1))
            .await
            .unwrap();
        assert!(times > 0);
        let mut read = [0; 8];
        sink.read_exact(&mut read).await.unwrap();
        assert_eq!(&read, b"headbody");
        drop(pipe);
        assert_eq!(counts(), (0, 1), "it is kept");
        drop(source);
        let mut pipe = Pipe::borrow().unwrap();
        for expected in [4, 0] {
            let moved = poll_fn(|context| pipe.poll_fill(context, &from, 8))
                .await
                .unwrap();
            assert_eq!(moved, expected);
        }
        drop(pipe);
        assert_eq!(counts(), (0, 0), "one that holds bytes is closed");
    }

    #[tokio::test]
    async fn pipes_are_few() {
        let pipes: Vec<_> = (0..PIPES_MAX + 1).map(|_| Pipe::borrow()).collect();
        assert_eq!(pipes.iter().flatten().count(), PIPES_MAX);
        drop(pipes);
        assert_eq!(counts(), (0, SPARE_MAX));
    }
}
