//! The load generator: a closed loop over keep-alive connections, requests made beforehand, the same for every proxy.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use super::message;
use super::processor_time::Reading;

/// What is sent to whom.
#[derive(Clone)]
pub(super) struct Load {
    pub(super) address: SocketAddr,
    /// The process whose time is counted.
    pub(super) process: u32,
    pub(super) connections: usize,
    /// Sent before measuring begins, over the same connections.
    pub(super) warm_up: Vec<u8>,
    pub(super) requests: Arc<[Vec<u8>]>,
    pub(super) extent: Extent,
    /// None in clear text.
    pub(super) tls: Option<Tls>,
}

/// How to speak TLS, and with whom.
#[derive(Clone)]
pub(super) struct Tls {
    pub(super) connector: TlsConnector,
    pub(super) name: ServerName<'static>,
}

/// How much is sent.
#[derive(Clone, Copy, Debug)]
pub(super) enum Extent {
    /// The requests over and over.
    For(Duration),
    /// Each request once.
    Once,
}

/// What it cost.
#[derive(Clone, Debug)]
pub(super) struct Measured {
    pub(super) requests: usize,
    pub(super) elapsed: Duration,
    pub(super) processor_time: Duration,
    /// Of each request, sorted.
    pub(super) latencies_ns: Vec<u32>,
}

const WARMING_UP: u8 = 0;
const MEASURING: u8 = 1;
const DONE: u8 = 2;
const WARM_UP: Duration = Duration::from_millis(400);

struct Shared {
    phase: AtomicU8,
    next: AtomicUsize,
    load: Load,
}

/// Drives one proxy once. Fails when an answer is not 200: a number for refused requests would mean nothing.
pub(super) fn drive(load: &Load) -> Result<Measured> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(measure(Arc::new(Shared {
        phase: AtomicU8::new(WARMING_UP),
        next: AtomicUsize::new(0),
        load: load.clone(),
    })))
}

/// Sends each request once without measuring and without warming up; returns how many were answered.
pub(super) fn exchange(load: &Load) -> Result<usize> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let shared = Arc::new(Shared {
            phase: AtomicU8::new(MEASURING),
            next: AtomicUsize::new(0),
            load: Load {
                extent: Extent::Once,
                ..load.clone()
            },
        });
        let connections: Vec<_> = (0..load.connections)
            .map(|_| tokio::spawn(connection(Arc::clone(&shared))))
            .collect();
        let mut answered = 0;
        for connection in connections {
            answered += connection
                .await
                .context("a connection of the load generator broke")??
                .len();
        }
        Ok(answered)
    })
}

async fn measure(shared: Arc<Shared>) -> Result<Measured> {
    let connections: Vec<_> = (0..shared.load.connections)
        .map(|_| tokio::spawn(connection(Arc::clone(&shared))))
        .collect();
    tokio::time::sleep(WARM_UP).await;
    let before = Reading::of(shared.load.process)?;
    let started = Instant::now();
    shared.phase.store(MEASURING, Ordering::Relaxed);
    let mut latencies_ns = Vec::new();
    let window = match shared.load.extent {
        Extent::For(time) => {
            tokio::time::sleep(time).await;
            shared.phase.store(DONE, Ordering::Relaxed);
            Some((started.elapsed(), Reading::of(shared.load.process)?))
        }
        Extent::Once => None,
    };
    for connection in connections {
        latencies_ns.extend(
            connection
                .await
                .context("a connection of the load generator broke")??,
        );
    }
    let (elapsed, after) = match window {
        Some(window) => window,
        None => (started.elapsed(), Reading::of(shared.load.process)?),
    };
    if latencies_ns.is_empty() {
        bail!("no request was answered in time");
    }
    latencies_ns.sort_unstable();
    Ok(Measured {
        requests: latencies_ns.len(),
        elapsed,
        processor_time: after.since(&before),
        latencies_ns,
    })
}

async fn connection(shared: Arc<Shared>) -> Result<Vec<u32>> {
    let stream = TcpStream::connect(shared.load.address)
        .await
        .context("the proxy does not answer")?;
    stream.set_nodelay(true)?;
    match shared.load.tls.clone() {
        None => converse(stream, shared).await,
        Some(tls) => converse(tls.connector.connect(tls.name, stream).await?, shared).await,
    }
}

async fn converse(mut stream: impl AsyncRead + AsyncWrite + Unpin, shared: Arc<Shared>) -> Result<Vec<u32>> {
    let load = &shared.load;
    let mut latencies_ns = Vec::new();
    let mut buffer = vec![0_u8; 16 * 1024];
    loop {
        let phase = shared.phase.load(Ordering::Relaxed);
        let request = match (phase, load.extent) {
            (WARMING_UP, _) => Some(&load.warm_up),
            (MEASURING, Extent::For(_)) => {
                let next = shared.next.fetch_add(1, Ordering::Relaxed) % load.requests.len().max(1);
                load.requests.get(next)
            }
            (MEASURING, Extent::Once) => load.requests.get(shared.next.fetch_add(1, Ordering::Relaxed)),
            _ => None,
        };
        let Some(request) = request else {
            return Ok(latencies_ns);
        };
        let started = Instant::now();
        stream.write_all(request).await?;
        stream.flush().await?;
        let status = read_answer(&mut stream, &mut buffer).await?;
        if status != 200 {
            let request = String::from_utf8_lossy(request.get(..200).unwrap_or(request));
            bail!(
                "status {status} instead of 200 for `{}`",
                request.lines().next().unwrap_or_default()
            );
        }
        // Only what lies between the two readings of the processor's time counts.
        let counts = phase == MEASURING
            && (matches!(load.extent, Extent::Once) || shared.phase.load(Ordering::Relaxed) == MEASURING);
        if counts {
            latencies_ns.push(u32::try_from(started.elapsed().as_nanos()).unwrap_or(u32::MAX));
        }
    }
}

async fn read_answer(stream: &mut (impl AsyncRead + Unpin), buffer: &mut [u8]) -> Result<u16> {
    let mut filled = 0;
    loop {
        let read = stream.read(buffer.get_mut(filled..).unwrap_or_default()).await?;
        if read == 0 {
            bail!("the proxy closed the connection in the middle of an answer");
        }
        filled += read;
        if let Some(answer) = message::answer(buffer.get(..filled).unwrap_or_default())? {
            return Ok(answer.status);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::backend::Backend;

    #[test]
    fn the_generator_counts_what_it_sends() {
        let backend = Backend::start().unwrap();
        let request = message::get("x", "/", &[]);
        let mut load = Load {
            address: backend.address,
            process: std::process::id(),
            connections: 4,
            warm_up: request.clone(),
            requests: vec![request; 100].into(),
            extent: Extent::Once,
            tls: None,
        };
        assert_eq!(drive(&load).unwrap().requests, 100);
        load.extent = Extent::For(Duration::from_millis(50));
        let measured = drive(&load).unwrap();
        assert!(measured.requests > 0 && measured.processor_time > Duration::ZERO);
        assert!(measured.latencies_ns.is_sorted());
    }
}
