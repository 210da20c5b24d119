//! The one backend of all proxies: keep-alive HTTP/1.1, a small fixed JSON answer, one thread. Others stand for a function and
//! for an issuer of tokens.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use super::message::is_whole_request;

const ANSWER: &str = "{\"message\":\"hello, world\"}\n";

/// A backend that runs until the process ends.
pub(super) struct Backend {
    pub(super) address: SocketAddr,
}

impl Backend {
    /// Starts it on a free port of loopback.
    pub(super) fn start() -> Result<Self> {
        Self::answering(ANSWER)
    }

    /// Starts one that answers everything with `body`.
    pub(super) fn answering(body: &str) -> Result<Self> {
        Self::telling(|_| body.to_owned())
    }

    /// Starts one whose one answer tells its own address.
    pub(super) fn telling(body: impl FnOnce(SocketAddr) -> String) -> Result<Self> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let body = body(address);
        let answer = format!(
            "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        let answer: Arc<[u8]> = answer.into_bytes().into();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()?;
        thread::Builder::new()
            .name("backend".to_owned())
            .spawn(move || runtime.block_on(accept(listener, answer)))?;
        Ok(Self { address })
    }
}

async fn accept(listener: std::net::TcpListener, answer: Arc<[u8]>) {
    let Ok(listener) = TcpListener::from_std(listener) else {
        return;
    };
    while let Ok((connection, _)) = listener.accept().await {
        tokio::spawn(serve(connection, Arc::clone(&answer)));
    }
}

/// A proxy sends the next request after the answer, so what has come is one at most.
async fn serve(mut connection: TcpStream, answer: Arc<[u8]>) {
    let _ = connection.set_nodelay(true);
    let mut request = Vec::with_capacity(16 * 1024);
    while let Ok(1..) = connection.read_buf(&mut request).await {
        if is_whole_request(&request) {
            request.clear();
            if connection.write_all(&answer).await.is_err() {
                return;
            }
        }
    }
}
