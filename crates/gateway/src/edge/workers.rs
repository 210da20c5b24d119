//! One thread a core, each with its own runtime, sockets and connections.

use std::{io, net::TcpListener as StdListener, rc::Rc, sync::Arc, thread::JoinHandle, time::Duration};

use portcullis_model::Clock;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::LocalSet,
};

use super::{
    Answer, EdgeLimits, ForwardProxy, ServerConfigs, Socket,
    connection::{self, Shared},
    limits::{ConnectionCounts, ConnectionPermit},
    proxy_protocol, tls,
};
use crate::http::{Listener, Peer, SourceFrom, TrustedProxies};

/// How long accepting rests after the system ran out of sockets.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Running workers. Dropping it does not stop them; [`Workers::stop`] does.
#[derive(Debug)]
pub struct Workers {
    stop: watch::Sender<bool>,
    threads: Vec<JoinHandle<()>>,
}

impl Workers {
    /// Stops accepting, lets open exchanges end within the drain time, and waits for the threads.
    pub fn stop(self) {
        self.stop.send_replace(true);
        for thread in self.threads {
            if thread.join().is_err() {
                tracing::error!("a worker thread had panicked");
            }
        }
    }
}

/// What all workers share.
#[derive(Clone)]
pub struct EdgeParts {
    pub limits: EdgeLimits,
    pub configs: Arc<dyn ServerConfigs>,
    /// For the `Date` of answers.
    pub clock: Arc<dyn Clock>,
    /// Proxies of the operator's that stand before the public listeners.
    pub trusted_proxies: Option<TrustedProxies>,
    /// The forward proxy, where that listener is open.
    pub forward_proxy: Option<Arc<dyn ForwardProxy>>,
}

/// Starts `workers` threads over `sockets`; each makes its own `answer`.
pub fn start<A, M>(
    sockets: Vec<Socket>,
    workers: usize,
    parts: &EdgeParts,
    make_answer: M,
) -> io::Result<Workers>
where
    A: Answer,
    M: Fn() -> A + Send + Clone + 'static,
{
    let (stop, stopped) = watch::channel(false);
    let counts = ConnectionCounts::new(&parts.limits);
    let mut by_worker: Vec<Vec<(Listener, StdListener)>> = (0..workers.max(1)).map(|_| Vec::new()).collect();
    for socket in sockets {
        for (sockets, own) in by_worker.iter_mut().zip(socket.per_worker) {
            sockets.push((socket.listener, own));
        }
    }
    let mut threads = Vec::with_capacity(by_worker.len());
    for (index, sockets) in by_worker.into_iter().enumerate() {
        let (parts, counts, make_answer, stopped) = (
            parts.clone(),
            counts.clone(),
            make_answer.clone(),
            stopped.clone(),
        );
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        threads.push(
            std::thread::Builder::new()
                .name(format!("edge-{index}"))
                .spawn(move || {
                    let local = LocalSet::new();
                    let shared = Rc::new(Shared {
                        answer: make_answer(),
                        limits: parts.limits.clone(),
                        clock: Arc::clone(&parts.clock),
                        stop: stopped,
                    });
                    runtime.block_on(local.run_until(work(sockets, parts, counts, shared)));
                })?,
        );
    }
    Ok(Workers { stop, threads })
}

async fn work<A: Answer>(
    sockets: Vec<(Listener, StdListener)>,
    parts: EdgeParts,
    counts: ConnectionCounts,
    shared: Rc<Shared<A>>,
) {
    let open = Rc::new(());
    let mut accepting = Vec::new();
    for (listener, socket) in sockets {
        let Ok(socket) = TcpListener::from_std(socket) else {
            tracing::error!("a listening socket was refused by the runtime");
            continue;
        };
        accepting.push(tokio::task::spawn_local(accept(
            listener,
            socket,
            parts.clone(),
            counts.clone(),
            shared.clone(),
            open.clone(),
        )));
    }
    for task in accepting {
        drop(task.await);
    }
    // Every connection holds a clone of `open`: when ours is the last, all exchanges have ended.
    let drained = async {
        while Rc::strong_count(&open) > 1 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    if tokio::time::timeout(shared.limits.drain_time, drained)
        .await
        .is_err()
    {
        tracing::warn!("some exchanges did not end in time and were cut off");
    }
}

async fn accept<A: Answer>(
    listener: Listener,
    socket: TcpListener,
    parts: EdgeParts,
    counts: ConnectionCounts,
    shared: Rc<Shared<A>>,
    open: Rc<()>,
) {
    let mut stop = shared.stop.clone();
    loop {
        let accepted = tokio::select! {
            accepted = socket.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(cause) => {
                tracing::warn!(%cause, "accepting a connection failed");
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            }
        };
        let is_proxy = |proxies: &TrustedProxies| proxies.contains(address.ip());
        let admitted = match parts.trusted_proxies.as_ref().is_some_and(is_proxy) {
            true => counts.admit_proxy(),
            false => counts.admit(address.ip()),
        };
        let Some(permit) = admitted else {
            continue; // Too many: closed at once, nothing read.
        };
        drop(stream.set_nodelay(true));
        let peer = Peer {
            address,
            listener,
            tls: None,
        };
        let (parts, shared, open) = (parts.clone(), shared.clone(), open.clone());
        tokio::task::spawn_local(async move {
            converse(stream, peer, parts, shared, permit).await;
            drop(open);
        });
    }
}

async fn converse<A: Answer>(
    mut stream: TcpStream,
    mut peer: Peer,
    parts: EdgeParts,
    shared: Rc<Shared<A>>,
    mut permit: ConnectionPermit,
) {
    if let Err(cause) = introduce(&mut stream, &mut peer, &mut permit, &parts).await {
        return tracing::debug!(%cause, "a connection did not begin as its proxy should");
    }
    match peer.listener {
        Listener::PublicHttp => connection::serve(shared, stream, peer, false).await,
        Listener::Public => converse_tls(stream, peer, &parts, shared).await,
        Listener::Proxy => {
            if let Some(proxy) = &parts.forward_proxy {
                super::forward_proxy::converse(stream, peer, proxy.as_ref(), &parts, shared).await;
            }
        }
    }
    drop(permit);
}

/// Learns from the PROXY protocol, where it is spoken, whose connection this is.
async fn introduce(
    stream: &mut TcpStream,
    peer: &mut Peer,
    permit: &mut ConnectionPermit,
    parts: &EdgeParts,
) -> io::Result<()> {
    let speaks = |proxies: &&TrustedProxies| proxies.source_from == SourceFrom::ProxyProtocol;
    let Some(proxies) = parts.trusted_proxies.as_ref().filter(speaks) else {
        return Ok(());
    };
    if peer.listener == Listener::Proxy {
        return Ok(());
    }
    if !proxies.contains(peer.address.ip()) {
        return Err(io::Error::other("it is none of the trusted proxies"));
    }
    let announced = tokio::time::timeout(parts.limits.head_time, proxy_protocol::read(stream)).await??;
    if let Some(source) = announced.source {
        if !permit.count_for(source.ip()) {
            return Err(io::Error::other("the address has too many connections"));
        }
        peer.address = source;
    }
    peer.tls = announced.tls.map(Arc::new);
    Ok(())
}

/// Ends TLS, then serves what the client and we agreed to speak.
pub(crate) async fn converse_tls<A: Answer>(
    stream: TcpStream,
    mut peer: Peer,
    parts: &EdgeParts,
    shared: Rc<Shared<A>>,
) {
    match tls::accept(stream, parts.configs.as_ref(), parts.limits.handshake_time).await {
        Ok((stream, facts)) => {
            peer.tls = Some(Arc::new(facts));
            let http2 = tls::speaks_http2(&stream);
            connection::serve(shared, stream, peer, http2).await;
        }
        Err(cause) => tracing::debug!(%cause, "a TLS handshake failed"),
    }
}
