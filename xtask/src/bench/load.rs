//! The load generator: a closed loop over connections, requests made beforehand, the same for every proxy.

mod http1;
mod http2;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

use super::processor_time::Reading;
use super::tls::Tls;

/// What is sent to whom.
#[derive(Clone)]
pub(super) struct Load {
    pub(super) address: SocketAddr,
    /// The process whose time is counted.
    pub(super) process: u32,
    pub(super) connections: usize,
    pub(super) way: Way,
    /// Sent before measuring begins, over the same connections.
    pub(super) warm_up: Vec<u8>,
    pub(super) requests: Arc<[Vec<u8>]>,
    pub(super) extent: Extent,
    /// None in clear text.
    pub(super) tls: Option<Tls>,
}

/// How requests travel.
#[derive(Clone, Copy, Debug)]
pub(super) enum Way {
    /// HTTP/1.1, one after another on each connection.
    KeepAlive,
    /// HTTP/1.1, each on a connection of its own.
    Anew,
    /// HTTP/2, so many at once on each connection.
    Streams(usize),
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
    match shared.load.way {
        Way::KeepAlive => http1::keep_alive(&shared).await,
        Way::Anew => http1::anew(&shared).await,
        Way::Streams(streams) => http2::streams(&shared, streams).await,
    }
}

/// A request's turn.
struct Turn {
    phase: u8,
    /// Among the load's requests; none for the one that warms up.
    place: Option<usize>,
    started: Instant,
}

impl Shared {
    /// Returns whose turn it is, none when all is sent.
    fn next(&self) -> Option<Turn> {
        let phase = self.phase.load(Ordering::Relaxed);
        let count = self.load.requests.len();
        let place = match (phase, self.load.extent) {
            (WARMING_UP, _) => None,
            (MEASURING, Extent::For(_)) => Some(self.next.fetch_add(1, Ordering::Relaxed) % count.max(1)),
            (MEASURING, Extent::Once) => {
                let place = self.next.fetch_add(1, Ordering::Relaxed);
                Some((place < count).then_some(place)?)
            }
            _ => return None,
        };
        Some(Turn {
            phase,
            place,
            started: Instant::now(),
        })
    }

    /// Notes an answer.
    fn answered(&self, turn: &Turn, status: u16, latencies_ns: &mut Vec<u32>) -> Result<()> {
        if status != 200 {
            let request = turn.place.and_then(|place| self.load.requests.get(place));
            let request = request.unwrap_or(&self.load.warm_up);
            let request = String::from_utf8_lossy(request.get(..200).unwrap_or(request));
            bail!(
                "status {status} instead of 200 for `{}`",
                request.lines().next().unwrap_or_default()
            );
        }
        // Only what lies between the two readings of the processor's time counts.
        let counts = turn.phase == MEASURING
            && (matches!(self.load.extent, Extent::Once) || self.phase.load(Ordering::Relaxed) == MEASURING);
        if counts {
            latencies_ns.push(u32::try_from(turn.started.elapsed().as_nanos()).unwrap_or(u32::MAX));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::backend::Backend;
    use crate::bench::message;

    #[test]
    fn the_generator_counts_what_it_sends() {
        let backend = Backend::start().unwrap();
        let request = message::get("x", "/", &[]);
        let mut load = Load {
            address: backend.address,
            process: std::process::id(),
            connections: 4,
            way: Way::KeepAlive,
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

    #[test]
    fn long_bodies_are_read_and_sent_whole_also_on_connections_of_their_own() {
        let backend = Backend::answering(&"x".repeat(100_000)).unwrap();
        let request = message::post("x", "/", &[], &"y".repeat(100_000));
        let load = Load {
            address: backend.address,
            process: std::process::id(),
            connections: 2,
            way: Way::Anew,
            warm_up: request.clone(),
            requests: vec![request; 20].into(),
            extent: Extent::Once,
            tls: None,
        };
        assert_eq!(exchange(&load).unwrap(), 20);
        let load = Load {
            way: Way::KeepAlive,
            ..load
        };
        assert_eq!(exchange(&load).unwrap(), 20);
    }
}
