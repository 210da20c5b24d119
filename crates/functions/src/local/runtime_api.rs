//! The Lambda Runtime API, one server for each worker: the worker asks for its next event and posts its answer.
//!
//! <https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html>. Each worker has a port of its own on loopback, and
//! what connects to it must be a process of the worker's own group: no function's process takes another's events.

use std::{
    io,
    net::SocketAddr,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use http::{Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full, Limited};
use hyper::{body::Incoming, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{mpsc, oneshot},
    task::JoinHandle,
};

use super::peer;
use crate::PAYLOAD_BYTES_MAX;

/// Connections to one worker's API at once: its client has one, and what it starts may look on.
const CONNECTIONS_MAX: usize = 16;
/// How long after a failed accept the next is tried.
const ACCEPT_AGAIN_AFTER: Duration = Duration::from_millis(50);
const VERSION: &str = "/2018-06-01/runtime/";

/// An event for the worker.
#[derive(Clone, Debug)]
pub(super) struct Work {
    pub(super) request_id: String,
    pub(super) function_arn: Arc<str>,
    pub(super) deadline_ms: i64,
    pub(super) payload: Bytes,
}

/// How the worker's start went.
#[derive(Debug)]
pub(super) enum Init {
    /// It asked for its first event.
    Ready,
    /// It said why it cannot start.
    Failed(Bytes),
}

/// What the worker said of an event.
#[derive(Debug)]
pub(super) enum Said {
    Returned(Bytes),
    Failed(Bytes),
    /// It returned more than anything may.
    TooLarge,
}

/// The server of one worker. Dropped, it closes.
pub(super) struct RuntimeApi {
    pub(super) address: SocketAddr,
    shared: Arc<Shared>,
    work: mpsc::Sender<Work>,
    task: JoinHandle<()>,
}

struct Shared {
    /// The process group that may connect.
    group: OnceLock<u32>,
    work: tokio::sync::Mutex<mpsc::Receiver<Work>>,
    running: Mutex<Option<(String, oneshot::Sender<Said>)>>,
    init: Mutex<Option<oneshot::Sender<Init>>>,
}

impl RuntimeApi {
    /// Opens a port; the receiver learns how the worker's start goes.
    pub(super) async fn open() -> io::Result<(Self, oneshot::Receiver<Init>)> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let (work, received) = mpsc::channel(1);
        let (init, started) = oneshot::channel();
        let shared = Arc::new(Shared {
            group: OnceLock::new(),
            work: received.into(),
            running: Mutex::default(),
            init: Mutex::new(Some(init)),
        });
        let task = tokio::spawn(accept(listener, address, Arc::clone(&shared)));
        let api = Self {
            address,
            shared,
            work,
            task,
        };
        Ok((api, started))
    }

    /// Lets the processes of `group` in, and no other.
    pub(super) fn admit(&self, group: u32) {
        self.shared.group.set(group).ok();
    }

    /// Gives the worker an event; the receiver learns what comes of it.
    pub(super) fn give(&self, work: Work) -> oneshot::Receiver<Said> {
        let (reply, said) = oneshot::channel();
        *lock(&self.shared.running) = Some((work.request_id.clone(), reply));
        // One event at a time: there is room. Otherwise the dropped reply says that nothing will come.
        if self.work.try_send(work).is_err() {
            lock(&self.shared.running).take();
        }
        said
    }
}

impl Drop for RuntimeApi {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, address: SocketAddr, shared: Arc<Shared>) {
    // Connections end with the set, and so with this task.
    let mut connections = tokio::task::JoinSet::new();
    loop {
        let accepted = listener.accept().await;
        while connections.try_join_next().is_some() {}
        let Ok((stream, peer)) = accepted else {
            // Passes: no descriptor is free, or the client went already.
            tokio::time::sleep(ACCEPT_AGAIN_AFTER).await;
            continue;
        };
        // Too many: closed at once, nothing read.
        if connections.len() >= CONNECTIONS_MAX {
            continue;
        }
        connections.spawn(serve(stream, peer, address, Arc::clone(&shared)));
    }
}

async fn serve(stream: TcpStream, peer: SocketAddr, address: SocketAddr, shared: Arc<Shared>) {
    let group = shared.group.get().copied();
    let own =
        tokio::task::spawn_blocking(move || group.is_some_and(|group| peer::is_of(group, peer, address)));
    if !own.await.unwrap_or_default() {
        tracing::warn!("a process that is not the function's own connected to its runtime API");
        return;
    }
    let service = service_fn(move |request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, std::convert::Infallible>(answer(request, &shared).await) }
    });
    // A worker that breaks off has ended, which its owner sees.
    drop(
        hyper::server::conn::http1::Builder::new()
            .serve_connection(TokioIo::new(stream), service)
            .await,
    );
}

async fn answer(request: Request<Incoming>, shared: &Shared) -> Response<Full<Bytes>> {
    let path = request
        .uri()
        .path()
        .strip_prefix(VERSION)
        .unwrap_or_default()
        .to_owned();
    let parts: Vec<&str> = path.split('/').collect();
    match (request.method(), parts.as_slice()) {
        (&Method::GET, ["invocation", "next"]) => next(shared).await,
        (&Method::POST, ["init", "error"]) => {
            let body = body(request).await.unwrap_or_default();
            if let Some(init) = lock(&shared.init).take() {
                drop(init.send(Init::Failed(body)));
            }
            status(StatusCode::ACCEPTED, "OK")
        }
        (&Method::POST, ["invocation", id, kind @ ("response" | "error")]) => {
            let streaming = request
                .headers()
                .contains_key("lambda-runtime-function-response-mode");
            let said = match body(request).await {
                _ if streaming => {
                    return status(StatusCode::BAD_REQUEST, "streamed answers are not supported");
                }
                None => Said::TooLarge,
                Some(body) if *kind == "response" => Said::Returned(body),
                Some(body) => Said::Failed(body),
            };
            let mut running = lock(&shared.running);
            let Some((_, reply)) = running.take_if(|(running, _)| running == id) else {
                return status(StatusCode::BAD_REQUEST, "no such invocation is running");
            };
            let too_large = matches!(said, Said::TooLarge);
            drop(reply.send(said));
            if too_large {
                status(StatusCode::PAYLOAD_TOO_LARGE, "the answer is too large")
            } else {
                status(StatusCode::ACCEPTED, "OK")
            }
        }
        _ => status(StatusCode::NOT_FOUND, "no such path"),
    }
}

/// Waits for an event. Dropped with its connection, it takes none.
async fn next(shared: &Shared) -> Response<Full<Bytes>> {
    if let Some(init) = lock(&shared.init).take() {
        drop(init.send(Init::Ready));
    }
    let Some(work) = shared.work.lock().await.recv().await else {
        return status(StatusCode::GONE, "the worker is no longer wanted");
    };
    let response = Response::builder()
        .header("Content-Type", "application/json")
        .header("Lambda-Runtime-Aws-Request-Id", &work.request_id)
        .header("Lambda-Runtime-Deadline-Ms", work.deadline_ms)
        .header("Lambda-Runtime-Invoked-Function-Arn", work.function_arn.as_ref())
        .body(Full::new(work.payload));
    response.unwrap_or_else(|_| status(StatusCode::INTERNAL_SERVER_ERROR, "the event cannot be given"))
}

/// Reads a body; none when it is longer than any answer may be.
async fn body(request: Request<Incoming>) -> Option<Bytes> {
    let limited = Limited::new(request.into_body(), PAYLOAD_BYTES_MAX);
    limited
        .collect()
        .await
        .ok()
        .map(http_body_util::Collected::to_bytes)
}

fn status(code: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let body = serde_json::json!({ "status": text }).to_string();
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = code;
    response
}
