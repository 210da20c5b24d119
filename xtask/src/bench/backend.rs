//! The one backend of all proxies: keep-alive HTTP/1.1, a small fixed JSON answer, one thread.

use std::net::SocketAddr;
use std::thread;

use anyhow::Result;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 27\r\n\r\n{\"message\":\"hello, world\"}\n";

/// A backend that runs until the process ends.
pub(super) struct Backend {
    pub(super) address: SocketAddr,
}

impl Backend {
    /// Starts it on a free port of loopback.
    pub(super) fn start() -> Result<Self> {
        let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()?;
        thread::Builder::new()
            .name("backend".to_owned())
            .spawn(move || runtime.block_on(accept(listener)))?;
        Ok(Self { address })
    }
}

async fn accept(listener: std::net::TcpListener) {
    let Ok(listener) = TcpListener::from_std(listener) else {
        return;
    };
    while let Ok((connection, _)) = listener.accept().await {
        tokio::spawn(serve(connection));
    }
}

/// Requests here have no bodies, so each ends with an empty line. A proxy sends the next one after the answer.
async fn serve(mut connection: TcpStream) {
    let _ = connection.set_nodelay(true);
    let mut buffer = vec![0_u8; 16 * 1024];
    let mut filled = 0;
    while let Ok(read @ 1..) = connection
        .read(buffer.get_mut(filled..).unwrap_or_default())
        .await
    {
        filled += read;
        if buffer
            .get(..filled)
            .is_some_and(|request| request.ends_with(b"\r\n\r\n"))
        {
            filled = 0;
            if connection.write_all(ANSWER).await.is_err() {
                return;
            }
        }
    }
}
