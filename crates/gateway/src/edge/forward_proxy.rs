//! The forward proxy of `portcullis exec`: ends TLS for hosts that are ours, tunnels the others (RFC 9110 section 9.3.6).
//!
//! It listens on loopback only, and only under `up`: whoever can reach it can already reach what it reaches.

use std::{io, rc::Rc, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use super::{
    Answer,
    admission::Permit,
    connection::{self, Shared},
    counters::TurnedAway,
    workers::{EdgeParts, converse_tls},
};
use crate::http::Peer;

/// The head of a CONNECT request, in bytes at most.
const CONNECT_HEAD_BYTES_MAX: usize = 8 * 1024;
/// For the connection to the other end of a tunnel.
const TUNNEL_CONNECT_TIME: Duration = Duration::from_secs(10);

/// Where a CONNECT goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProxyRoute {
    /// The host is ours: we are the server.
    Ours,
    /// Somebody else's: bytes pass through.
    Tunnel,
}

/// Knows which hosts are ours.
pub trait ForwardProxy: Send + Sync + 'static {
    /// Returns where a CONNECT to `host` goes.
    fn route(&self, host: &str) -> ProxyRoute;
}

/// Serves one connection to the proxy.
pub(crate) async fn converse<A: Answer>(
    mut stream: TcpStream,
    peer: Peer,
    proxy: &dyn ForwardProxy,
    parts: &EdgeParts,
    shared: Rc<Shared<A>>,
    permit: &Permit,
) -> Result<(), TurnedAway> {
    // An `http://` request in absolute form is an ordinary request with its host in the target.
    let mut first = [0u8; 8];
    let is_connect = matches!(
        tokio::time::timeout(parts.limits.head_time, peek(&stream, &mut first)).await,
        Ok(Ok(8)) if &first == b"CONNECT "
    );
    if !is_connect {
        connection::serve(shared, stream, peer, None).await;
        return Ok(());
    }
    let head = tokio::time::timeout(parts.limits.head_time, read_head(&mut stream)).await;
    let Some((host, port)) = head.ok().and_then(Result::ok).as_deref().and_then(connect_target) else {
        drop(
            stream
                .write_all(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                .await,
        );
        return Ok(());
    };
    match proxy.route(&host) {
        ProxyRoute::Ours => {
            if stream
                .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
                .await
                .is_err()
            {
                return Ok(());
            }
            if port == 80 {
                connection::serve(shared, stream, peer, None).await;
            } else {
                converse_tls(stream, peer, parts, shared, permit).await?;
            }
        }
        ProxyRoute::Tunnel => tunnel(stream, &host, port).await,
    }
    Ok(())
}

async fn peek(stream: &TcpStream, first: &mut [u8; 8]) -> io::Result<usize> {
    loop {
        let seen = stream.peek(first).await?;
        if seen == first.len() || seen == 0 || first.first() != Some(&b'C') {
            return Ok(seen);
        }
        // A head that arrives byte by byte: look again when more came.
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn read_head(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(512);
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() >= CONNECT_HEAD_BYTES_MAX {
            return Err(io::Error::other("the head of the CONNECT request is too long"));
        }
        // Byte by byte: what follows the head belongs to TLS and must stay in the socket.
        head.push(stream.read_u8().await?);
    }
    Ok(head)
}

/// Reads `CONNECT host:port HTTP/1.1`.
fn connect_target(head: &[u8]) -> Option<(String, u16)> {
    let line = head.split(|byte| *byte == b'\r').next()?;
    let mut words = std::str::from_utf8(line).ok()?.split(' ');
    let (Some("CONNECT"), Some(target), Some("HTTP/1.1" | "HTTP/1.0"), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return None;
    };
    let (host, port) = target.rsplit_once(':')?;
    let host = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .to_ascii_lowercase();
    let known = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b':');
    if host.is_empty() || !host.bytes().all(known) {
        return None;
    }
    Some((host, port.parse().ok()?))
}

async fn tunnel(mut client: TcpStream, host: &str, port: u16) {
    let connected = tokio::time::timeout(TUNNEL_CONNECT_TIME, TcpStream::connect((host, port))).await;
    let Ok(Ok(mut server)) = connected else {
        drop(
            client
                .write_all(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                .await,
        );
        return;
    };
    if client
        .write_all(b"HTTP/1.1 200 Connection established\r\n\r\n")
        .await
        .is_ok()
    {
        drop(tokio::io::copy_bidirectional(&mut client, &mut server).await);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connect_names_a_host_and_a_port() {
        let target = |line: &str| connect_target(format!("{line}\r\nHost: x\r\n\r\n").as_bytes());
        assert_eq!(
            target("CONNECT a.example:443 HTTP/1.1"),
            Some(("a.example".into(), 443))
        );
        assert_eq!(target("CONNECT [::1]:443 HTTP/1.1"), Some(("::1".into(), 443)));
        for line in [
            "CONNECT a.example HTTP/1.1",
            "CONNECT a.example:x HTTP/1.1",
            "CONNECT a/b:443 HTTP/1.1",
            "CONNECT a.example:443",
            "GET a.example:443 HTTP/1.1",
            "CONNECT :443 HTTP/1.1",
        ] {
            assert_eq!(target(line), None, "{line}");
        }
    }
}
