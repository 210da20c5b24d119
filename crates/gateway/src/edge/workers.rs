//! One thread a core, each with its own runtime, sockets and connections.

use std::{
    io,
    net::TcpListener as StdListener,
    rc::Rc,
    sync::{Arc, mpsc},
    thread::JoinHandle,
    time::Duration,
};

use portcullis_egress::socket::RawSocket;
use portcullis_model::Clock;
use tokio::{
    net::{TcpListener, TcpStream},
    runtime::{Builder, LocalOptions},
    sync::watch,
};
use tokio_rustls::server::TlsStream;

use super::{
    Answer, EdgeLimits, ForwardProxy, ServerConfigs, Socket,
    admission::{Admission, Permit},
    bars::{self, Bars},
    connection::{self, Shared},
    counters::{EdgeCounters, TurnedAway},
    http1, proxy_protocol, tls,
};
use crate::http::{Listener, Peer, SourceFrom, TlsFacts, TrustedProxies};

/// How long accepting rests after the system ran out of sockets.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// Connections that are taken, or turned away, in a row before whoever waits for an answer has a turn.
const ACCEPTED_AT_ONCE: u32 = 8;

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
    pub counters: Arc<EdgeCounters>,
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
    let admission = Admission::new(&parts.limits, Arc::clone(&parts.counters));
    let (keeper, bars) = bars::keeper(&admission, &parts.counters);
    let mut keeper = Some(keeper);
    let mut by_worker: Vec<Vec<(Listener, StdListener)>> = (0..workers.max(1)).map(|_| Vec::new()).collect();
    for socket in sockets {
        for (sockets, own) in by_worker.iter_mut().zip(socket.per_worker) {
            sockets.push((socket.listener, own));
        }
    }
    let mut threads = Vec::with_capacity(by_worker.len());
    for (index, sockets) in by_worker.into_iter().enumerate() {
        let (parts, admission, make_answer, stopped) = (
            parts.clone(),
            admission.clone(),
            make_answer.clone(),
            stopped.clone(),
        );
        let (bars, keeper) = (bars.clone(), keeper.take());
        let (began, begins) = mpsc::sync_channel(1);
        threads.push(
            std::thread::Builder::new()
                .name(format!("edge-{index}"))
                .spawn(move || {
                    // Made here, for it stays on its thread.
                    let mut builder = Builder::new_current_thread();
                    let runtime = match builder.enable_all().build_local(LocalOptions::default()) {
                        Ok(runtime) => runtime,
                        Err(cause) => return drop(began.send(Err(cause))),
                    };
                    drop(began.send(Ok(())));
                    let shared = Rc::new(Shared {
                        answer: make_answer(),
                        limits: parts.limits.clone(),
                        clock: Arc::clone(&parts.clock),
                        load: Rc::default(),
                        line: tls::Line::default(),
                        stop: stopped,
                    });
                    if let Some(keeper) = keeper {
                        runtime.spawn_local(keeper.keep());
                    }
                    runtime.block_on(work(sockets, parts, admission, bars, shared));
                })?,
        );
        begins.recv().map_err(io::Error::other)??;
    }
    Ok(Workers { stop, threads })
}

async fn work<A: Answer>(
    sockets: Vec<(Listener, StdListener)>,
    parts: EdgeParts,
    admission: Admission,
    bars: watch::Receiver<Bars>,
    shared: Rc<Shared<A>>,
) {
    let parts = Rc::new(parts);
    tokio::task::spawn_local(Rc::clone(&shared.load).watch(Arc::clone(&parts.counters)));
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
            admission.clone(),
            bars.clone(),
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
    parts: Rc<EdgeParts>,
    admission: Admission,
    mut bars: watch::Receiver<Bars>,
    shared: Rc<Shared<A>>,
    open: Rc<()>,
) {
    let mut stop = shared.stop.clone();
    let mut accepted_at_once = 0;
    loop {
        if accepted_at_once == ACCEPTED_AT_ONCE {
            accepted_at_once = 0;
            // The runtime looks at all sockets before it comes back to who yields.
            tokio::task::yield_now().await;
        }
        accepted_at_once += 1;
        let accepted = tokio::select! {
            accepted = socket.accept() => accepted,
            Ok(()) = bars.changed() => {
                bars.borrow_and_update().set(&socket);
                continue;
            }
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
            true => admission.admit_proxy(),
            false => admission.admit(address.ip()),
        };
        let permit = match admitted {
            Ok(permit) => permit,
            // Closed at once, nothing read.
            Err(why) => {
                admission.turn_away(why);
                continue;
            }
        };
        drop(stream.set_nodelay(true));
        let peer = Peer {
            address,
            listener,
            tls: None,
        };
        let (shared, open) = (shared.clone(), open.clone());
        if listener == Listener::PublicHttp && introducers(&peer, &parts).is_none() {
            // The plainest connection has a task of its own: it holds no room for what the others need.
            tokio::task::spawn_local(async move {
                http1::serve(&shared, stream, peer).await;
                drop((permit, open));
            });
            continue;
        }
        let (parts, admission) = (parts.clone(), admission.clone());
        tokio::task::spawn_local(async move {
            if let Err(why) = converse(stream, peer, parts, shared, permit).await {
                admission.turn_away(why);
            }
            drop(open);
        });
    }
}

pub(super) async fn converse<A: Answer>(
    mut stream: TcpStream,
    mut peer: Peer,
    parts: Rc<EdgeParts>,
    shared: Rc<Shared<A>>,
    mut permit: Permit,
) -> Result<(), TurnedAway> {
    if let Some(proxies) = introducers(&peer, &parts) {
        Box::pin(introduce(&mut stream, &mut peer, &mut permit, proxies, &parts)).await?;
    }
    match peer.listener {
        Listener::PublicHttp => connection::serve(shared, stream, peer, None).await,
        Listener::Public => converse_tls(stream, peer, &parts, shared, &permit).await?,
        // No socket is one.
        Listener::TestInvoke => {}
        Listener::Proxy => {
            if let Some(proxy) = &parts.forward_proxy {
                let proxy = proxy.as_ref();
                Box::pin(super::forward_proxy::converse(
                    stream, peer, proxy, &parts, shared, &permit,
                ))
                .await?;
            }
        }
    }
    Ok(())
}

/// Returns who speaks the PROXY protocol here, if anybody does.
fn introducers<'p>(peer: &Peer, parts: &'p EdgeParts) -> Option<&'p TrustedProxies> {
    let speaks = |proxies: &&TrustedProxies| proxies.source_from == SourceFrom::ProxyProtocol;
    let proxies = parts.trusted_proxies.as_ref().filter(speaks)?;
    (peer.listener != Listener::Proxy).then_some(proxies)
}

/// Learns from the PROXY protocol whose connection this is.
async fn introduce(
    stream: &mut TcpStream,
    peer: &mut Peer,
    permit: &mut Permit,
    proxies: &TrustedProxies,
    parts: &EdgeParts,
) -> Result<(), TurnedAway> {
    if !proxies.contains(peer.address.ip()) {
        return Err(TurnedAway::NotIntroduced);
    }
    let reading = tokio::time::timeout(parts.limits.head_time, proxy_protocol::read(stream));
    let announced = reading.await.map_err(io::Error::from).flatten();
    let announced = announced.map_err(|cause| {
        tracing::debug!(%cause, "a connection did not begin as its proxy should");
        TurnedAway::NotIntroduced
    })?;
    if let Some(source) = announced.source {
        permit.count_for(source.ip())?;
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
    permit: &Permit,
) -> Result<(), TurnedAway> {
    // A handshake needs much, and for a short time only; the stream it makes is large, and is moved about by its address.
    let (stream, facts) = Box::pin(shake_hands(stream, parts, &shared.line, permit)).await?;
    peer.tls = Some(facts);
    let http2 = tls::speaks_http2(&stream).then(|| permit.judge());
    connection::serve(shared, stream, peer, http2).await;
    Ok(())
}

async fn shake_hands(
    stream: TcpStream,
    parts: &EdgeParts,
    line: &tls::Line,
    permit: &Permit,
) -> Result<(Box<TlsStream<RawSocket>>, Arc<TlsFacts>), TurnedAway> {
    let under_way = permit.begin_handshake()?;
    let time = parts.limits.handshake_time;
    let may_go_on = || !permit.judge().is_barred();
    let accepted = tls::accept(stream, parts.configs.as_ref(), time, line, may_go_on).await;
    drop(under_way);
    let (stream, facts) = accepted.map_err(|cause| {
        tracing::debug!(%cause, "a TLS handshake failed");
        TurnedAway::HandshakeFailed
    })?;
    Ok((Box::new(stream), Arc::new(facts)))
}
