//! Listening sockets: one a worker on the same port, and an error when the port is somebody else's.

use std::{
    io,
    net::{SocketAddr, TcpListener},
};

use socket2::{Domain, Protocol, Socket as RawSocket, Type};

use crate::http::Listener;

/// Connections that may wait to be accepted, per socket.
const BACKLOG: i32 = 1024;

/// A listener to open: which door, where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Door {
    pub listener: Listener,
    pub address: SocketAddr,
}

/// An opened listener: one socket a worker.
#[derive(Debug)]
pub struct Socket {
    pub listener: Listener,
    /// The address with the port that was taken.
    pub address: SocketAddr,
    pub(crate) per_worker: Vec<TcpListener>,
}

/// A listener could not be opened.
#[derive(Debug, thiserror::Error)]
#[error("cannot listen on {address} ({door}): {cause}; free the port or say another with --{door}")]
pub struct BindError {
    pub door: &'static str,
    pub address: SocketAddr,
    pub cause: io::Error,
}

impl Socket {
    /// Opens `door` for `workers` threads. Port 0 takes a free port.
    pub fn open(door: Door, workers: usize) -> Result<Self, BindError> {
        let failed = |cause| BindError {
            door: door.listener.as_str(),
            address: door.address,
            cause,
        };
        // SO_REUSEPORT would silently share the port with another process of the same user. A first socket without
        // it finds out; it is closed before the workers' sockets open.
        let probe = bind(door.address, false).map_err(failed)?;
        let address = probe.local_addr().map_err(failed)?;
        drop(probe);
        let per_worker = (0..workers.max(1))
            .map(|_| bind(address, true))
            .collect::<io::Result<Vec<_>>>()
            .map_err(failed)?;
        Ok(Self {
            listener: door.listener,
            address,
            per_worker,
        })
    }
}

fn bind(address: SocketAddr, shared: bool) -> io::Result<TcpListener> {
    let socket = RawSocket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_reuse_address(true)?;
    if shared {
        socket.set_reuse_port(true)?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_port_in_use_is_an_error() {
        let door = Door {
            listener: Listener::Public,
            address: "127.0.0.1:0".parse().unwrap(),
        };
        let first = Socket::open(door, 2).unwrap();
        assert_eq!(first.per_worker.len(), 2);
        let again = Door {
            address: first.address,
            ..door
        };
        let error = Socket::open(again, 2).unwrap_err();
        assert_eq!(error.cause.kind(), io::ErrorKind::AddrInUse);
    }
}
