//! The flood, in a process of its own: so many connections that do what no client should, and come again when they are ended.

use std::future::Future;
use std::net::SocketAddr;
use std::path::Path;
use std::rc::Rc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use anyhow::{Result, bail};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::dial::dial;
use super::frames::{self, PING, PREFACE, Streams};
use super::options::{Flood, Kind};
use super::{PATH, World};
use crate::bench::tls::Tls;

/// What the process is told to do.
pub(super) struct Order {
    flood: Flood,
    address: SocketAddr,
    host: String,
    ca: String,
}

const MARK: &str = "--be-the-flood";
/// Streams in one write.
const STREAMS: usize = 250;
/// Streams at a time of those that wait for the server.
const SLY_STREAMS: usize = 10;
/// Before a connection that was not let in comes again.
const PAUSE: Duration = Duration::from_millis(50);

impl Order {
    pub(super) fn new(world: &World, flood: Flood) -> Self {
        let address = match flood.kind {
            Kind::Slow => world.server.public,
            _ => world.server.https,
        };
        Self {
            flood,
            address,
            host: world.host.clone(),
            ca: world.server.ca.display().to_string(),
        }
    }

    /// The sly ones have an address each, as those of a network of many machines.
    fn per_address(&self) -> usize {
        match self.flood.kind {
            Kind::Sly | Kind::Handshakes => 1,
            Kind::Slow | Kind::Resets => 500,
        }
    }

    pub(super) fn arguments(&self) -> [String; 7] {
        [
            "bench-floods".to_owned(),
            MARK.to_owned(),
            self.flood.kind.name().to_owned(),
            self.flood.connections.to_string(),
            self.address.to_string(),
            self.host.clone(),
            self.ca.clone(),
        ]
    }

    /// Reads an order; none when the arguments are somebody's who measures.
    pub(super) fn parse(arguments: &[String]) -> Result<Option<Self>> {
        let [mark, kind, connections, address, host, ca] = arguments else {
            return Ok(None);
        };
        if mark != MARK {
            return Ok(None);
        }
        let Some(kind) = Kind::ALL.into_iter().find(|known| known.name() == kind) else {
            bail!("there is no flood `{kind}`");
        };
        Ok(Some(Self {
            flood: Flood {
                kind,
                connections: connections.parse()?,
            },
            address: address.parse()?,
            host: host.clone(),
            ca: ca.clone(),
        }))
    }
}

/// What happened so far.
#[derive(Default)]
struct Counts {
    open: AtomicUsize,
    ended: AtomicUsize,
    not_let_in: AtomicUsize,
    sent: AtomicUsize,
}

struct Shared {
    order: Order,
    tls: Tls,
    counts: Counts,
}

/// Floods until the process is killed, and says every second how it goes.
pub(super) fn run(order: &Order) -> Result<()> {
    let shared = Rc::new(Shared {
        order: Order {
            flood: order.flood,
            address: order.address,
            host: order.host.clone(),
            ca: String::new(),
        },
        tls: Tls::to(&order.host, Path::new(&order.ca), "h2")?,
        counts: Counts::default(),
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let local = tokio::task::LocalSet::new();
    for number in 0..order.flood.connections {
        local.spawn_local(again_and_again(Rc::clone(&shared), number));
    }
    local.block_on(&runtime, tell(&shared));
    Ok(())
}

async fn tell(shared: &Shared) {
    let (mut ended, mut not_let_in, mut sent) = (0, 0, 0);
    loop {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let counts = &shared.counts;
        let since = |counter: &AtomicUsize, before: &mut usize| {
            let now = counter.load(Ordering::Relaxed);
            now - std::mem::replace(before, now)
        };
        println!(
            "{} open; in this second {} streams (or bytes), {} connections ended, {} not let in",
            counts.open.load(Ordering::Relaxed),
            since(&counts.sent, &mut sent),
            since(&counts.ended, &mut ended),
            since(&counts.not_let_in, &mut not_let_in),
        );
    }
}

async fn again_and_again(shared: Rc<Shared>, number: usize) {
    let counts = &shared.counts;
    loop {
        let lasted = match shared.order.flood.kind {
            Kind::Slow => {
                counted(
                    &shared,
                    dial(shared.order.address, number, shared.order.per_address()),
                    slow,
                )
                .await
            }
            Kind::Resets => counted(&shared, dial_tls(&shared, number), resets).await,
            Kind::Sly => counted(&shared, dial_tls(&shared, number), sly).await,
            Kind::Handshakes => counted(&shared, dial_tls(&shared, number), hang_up).await,
        };
        if lasted {
            counts.ended.fetch_add(1, Ordering::Relaxed);
        } else {
            counts.not_let_in.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Connects, and does it; false when nobody let us in.
async fn counted<S>(
    shared: &Rc<Shared>,
    dialling: impl Future<Output = Result<S>>,
    act: impl AsyncFnOnce(S, &Shared) -> Result<()>,
) -> bool {
    let Ok(stream) = dialling.await else {
        return false;
    };
    shared.counts.open.fetch_add(1, Ordering::Relaxed);
    let _ended = act(stream, shared).await;
    shared.counts.open.fetch_sub(1, Ordering::Relaxed);
    true
}

async fn dial_tls(shared: &Shared, number: usize) -> Result<TlsStream<TcpStream>> {
    let order = &shared.order;
    let stream = dial(order.address, number, order.per_address()).await?;
    let Tls { connector, name } = &shared.tls;
    Ok(connector.connect(name.clone(), stream).await?)
}

/// A byte a second of a head that never ends.
async fn slow(mut stream: TcpStream, shared: &Shared) -> Result<()> {
    let head = format!("GET {PATH} HTTP/1.1\r\nhost: {}\r\nx: ", shared.order.host);
    for byte in head.bytes().chain(std::iter::repeat(b'a')) {
        stream.write_all(&[byte]).await?;
        shared.counts.sent.fetch_add(1, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    Ok(())
}

async fn resets(stream: TlsStream<TcpStream>, shared: &Shared) -> Result<()> {
    let (mut reading, mut writing) = tokio::io::split(stream);
    let mut streams = Streams::new(&shared.order.host, PATH);
    let mut out = PREFACE.to_vec();
    let write = async {
        while streams.write(&mut out, STREAMS) {
            writing.write_all(&out).await?;
            shared.counts.sent.fetch_add(STREAMS, Ordering::Relaxed);
            out.clear();
        }
        anyhow::Ok(())
    };
    let read = async {
        let mut buffer = [0_u8; 4096];
        while reading.read(&mut buffer).await? > 0 {}
        anyhow::Ok(())
    };
    tokio::select! {
        ended = write => ended,
        ended = read => ended,
    }
}

async fn sly(mut stream: TlsStream<TcpStream>, shared: &Shared) -> Result<()> {
    let mut streams = Streams::new(&shared.order.host, PATH);
    let (mut out, mut buffer) = (PREFACE.to_vec(), Vec::new());
    while streams.write(&mut out, SLY_STREAMS) {
        out.extend_from_slice(PING);
        stream.write_all(&out).await?;
        stream.flush().await?;
        shared.counts.sent.fetch_add(SLY_STREAMS, Ordering::Relaxed);
        out.clear();
        frames::until_ping(&mut stream, &mut buffer).await?;
    }
    Ok(())
}

async fn hang_up(stream: TlsStream<TcpStream>, _shared: &Shared) -> Result<()> {
    drop(stream);
    Ok(())
}
