//! HTTP/1.1, in clear text or over TLS.

use anyhow::{Context, Result, bail};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Shared, Turn};
use crate::bench::message;

/// A stream, encrypted or not.
pub(super) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

/// Connects, and shakes hands where TLS is wanted.
pub(super) async fn open(shared: &Shared) -> Result<Box<dyn Stream>> {
    let stream = TcpStream::connect(shared.load.address)
        .await
        .context("the proxy does not answer")?;
    stream.set_nodelay(true)?;
    Ok(match shared.load.tls.clone() {
        None => Box::new(stream),
        Some(tls) => Box::new(tls.connector.connect(tls.name, stream).await?),
    })
}

/// One request after another over one connection.
pub(super) async fn keep_alive(shared: &Shared) -> Result<Vec<u32>> {
    let mut stream = open(shared).await?;
    let (mut latencies_ns, mut buffer) = (Vec::new(), vec![0_u8; 64 * 1024]);
    while let Some(turn) = shared.next() {
        let status = exchange(stream.as_mut(), shared, &turn, &mut buffer).await?;
        shared.answered(&turn, status, &mut latencies_ns)?;
    }
    Ok(latencies_ns)
}

/// Each request over a connection of its own.
pub(super) async fn anew(shared: &Shared) -> Result<Vec<u32>> {
    let (mut latencies_ns, mut buffer) = (Vec::new(), vec![0_u8; 64 * 1024]);
    while let Some(turn) = shared.next() {
        let mut stream = open(shared).await?;
        let status = exchange(stream.as_mut(), shared, &turn, &mut buffer).await?;
        stream.shutdown().await?;
        shared.answered(&turn, status, &mut latencies_ns)?;
    }
    Ok(latencies_ns)
}

async fn exchange(stream: &mut dyn Stream, shared: &Shared, turn: &Turn, buffer: &mut [u8]) -> Result<u16> {
    let request = turn.place.and_then(|place| shared.load.requests.get(place));
    stream.write_all(request.unwrap_or(&shared.load.warm_up)).await?;
    stream.flush().await?;
    read_answer(stream, buffer).await
}

async fn read_answer(stream: &mut dyn Stream, buffer: &mut [u8]) -> Result<u16> {
    let mut filled = 0;
    loop {
        let read = stream.read(buffer.get_mut(filled..).unwrap_or_default()).await?;
        if read == 0 {
            bail!("the proxy closed the connection in the middle of an answer");
        }
        filled += read;
        let received = buffer.get(..filled).unwrap_or_default();
        if let Some(answer) = message::answer(received)? {
            return Ok(answer.status);
        }
        if let Some((status, bytes)) = message::announced(received)
            && bytes > buffer.len()
        {
            return skip(stream, bytes - filled, buffer).await.map(|()| status);
        }
    }
}

/// Reads on without keeping anything.
async fn skip(stream: &mut dyn Stream, mut bytes: usize, buffer: &mut [u8]) -> Result<()> {
    while bytes > 0 {
        let most = bytes.min(buffer.len());
        match stream.read(buffer.get_mut(..most).unwrap_or_default()).await? {
            0 => bail!("the proxy closed the connection in the middle of a body"),
            read => bytes -= read,
        }
    }
    Ok(())
}
