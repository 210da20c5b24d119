//! The admin listener: HTTP in, [`Control`] answers. Also whether the server lives and is ready, its metrics, and the keys of
//! pools.

use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::{Request, Response, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use portcullis_control::{AdminListener, AdminRequest, BODY_BYTES_MAX, Control};
use portcullis_gateway::snapshot::Snapshots;
use portcullis_identity::endpoints::EndpointRequest;
use portcullis_model::{
    Clock as _, Entropy, HeaderList, RequestId, SystemClock, SystemEntropy,
    trail::{Outcome, Step, Trail},
};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    task::JoinHandle,
};

use super::metrics::Metrics;

/// Open connections.
const CONNECTIONS_MAX: usize = 512;
/// For the head of a call.
const HEAD_TIME: Duration = Duration::from_secs(30);
/// For the body of a call.
const BODY_TIME: Duration = Duration::from_secs(60);
/// Header fields of a call.
const HEADERS_MAX: usize = 128;
/// Bytes of a call's head.
const HEAD_BYTES_MAX: usize = 64 * 1024;
/// For open calls to end after a stop was asked for.
const DRAIN_TIME: Duration = Duration::from_secs(2);

/// A running admin listener.
pub(super) struct AdminServer {
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
    places: Arc<Semaphore>,
}

/// What every connection shares.
struct Shared {
    control: Control,
    snapshots: Arc<Snapshots>,
    metrics: Metrics,
    stop: watch::Receiver<bool>,
}

impl AdminServer {
    /// Starts answering on `listener`.
    pub(super) fn start(
        listener: TcpListener,
        control: Control,
        snapshots: Arc<Snapshots>,
        metrics: Metrics,
    ) -> Self {
        let (stop, stopped) = watch::channel(false);
        let places = Arc::new(Semaphore::new(CONNECTIONS_MAX));
        let shared = Arc::new(Shared {
            control,
            snapshots,
            metrics,
            stop: stopped,
        });
        let task = tokio::spawn(accept(listener, shared, places.clone()));
        Self { stop, task, places }
    }

    /// Stops accepting and waits a moment for open calls.
    pub(super) async fn stop(self) {
        self.stop.send_replace(true);
        drop(self.task.await);
        let all = u32::try_from(CONNECTIONS_MAX).unwrap_or(u32::MAX);
        drop(tokio::time::timeout(DRAIN_TIME, self.places.acquire_many(all)).await);
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>, places: Arc<Semaphore>) {
    let mut stop = shared.stop.clone();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        let Ok((stream, source)) = accepted else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        // Too many: closed at once, nothing read.
        let Ok(place) = places.clone().try_acquire_owned() else {
            continue;
        };
        let shared = shared.clone();
        tokio::spawn(async move {
            converse(stream, source, shared).await;
            drop(place);
        });
    }
}

async fn converse(stream: TcpStream, source: SocketAddr, shared: Arc<Shared>) {
    drop(stream.set_nodelay(true));
    let mut stop = shared.stop.clone();
    let stopped = async move { drop(stop.wait_for(|stop| *stop).await) };
    let service = service_fn(|request| {
        let shared = shared.clone();
        async move { Ok::<_, Infallible>(answer(&shared, source, request).await) }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIME)
        .max_headers(HEADERS_MAX)
        .max_buf_size(HEAD_BYTES_MAX)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = std::pin::pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => drop(ended),
        () = stopped => {
            connection.as_mut().graceful_shutdown();
            drop(connection.await);
        }
    }
}

async fn answer(shared: &Shared, source: SocketAddr, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let host = request
        .headers()
        .get(hyper::header::HOST)
        .and_then(|host| host.to_str().ok())
        .unwrap_or_default();
    // A page that rebinds its own name to this address gets nothing.
    if !shared.snapshots.take().hosts().is_ours(host) {
        return plain(421, "this host is not served here\n");
    }
    let stopping = *shared.stop.borrow();
    let path = request.uri().path();
    match path {
        "/livez" => plain(200, "ok\n"),
        "/readyz" if stopping => plain(503, "stopping\n"),
        "/readyz" => plain(200, "ok\n"),
        "/metrics" if request.method() == http::Method::GET => {
            let scrape = shared.metrics.answer(source, request.headers());
            respond(scrape.status, &scrape.headers, scrape.body.into())
        }
        _ if path.contains("/.well-known/") => well_known(shared, source, &request).await,
        _ => call(shared, source, request).await,
    }
}

async fn call(shared: &Shared, source: SocketAddr, request: Request<Incoming>) -> Response<Full<Bytes>> {
    let (parts, body) = request.into_parts();
    let body = match tokio::time::timeout(BODY_TIME, Limited::new(body, BODY_BYTES_MAX).collect()).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(_)) => return plain(413, "the body is too long or broke off\n"),
        Err(_) => return plain(408, "the body did not arrive in time\n"),
    };
    let headers: HeaderList = parts
        .headers
        .iter()
        .map(|(name, value)| (name.as_str().to_owned(), value.as_bytes().to_vec()))
        .collect();
    let request = AdminRequest {
        listener: AdminListener::Admin,
        source: source.ip(),
        secure: false,
        method: parts.method.as_str().to_owned(),
        path: parts.uri.path().to_owned(),
        query: parts.uri.query().unwrap_or_default().to_owned(),
        headers,
        body,
    };
    let answer = shared.control.handle(request).await;
    respond(answer.status, &answer.headers, answer.body)
}

/// Keys and metadata of a pool: for everybody, as on the public listeners.
async fn well_known(
    shared: &Shared,
    source: SocketAddr,
    request: &Request<Incoming>,
) -> Response<Full<Bytes>> {
    let (started, at) = (SystemClock.now(), Instant::now());
    let endpoint = EndpointRequest {
        method: request.method().as_str().to_owned(),
        path: request.uri().path().to_owned(),
        ..EndpointRequest::default()
    };
    let answered = shared.control.parts().identity.well_known(&endpoint).await;
    let (outcome, reason) = match &answered {
        Ok(Some(answer)) if answer.status < 400 => {
            (Outcome::Answer, "keys and metadata are for everybody".to_owned())
        }
        Ok(Some(answer)) => (Outcome::Refuse, answer.cause.clone().unwrap_or_default()),
        Ok(None) => (Outcome::Refuse, "no such document".to_owned()),
        Err(error) => (
            Outcome::Refuse,
            error.cause().unwrap_or_else(|| error.message()).to_owned(),
        ),
    };
    let response = match answered {
        Ok(Some(answer)) => respond(answer.status, &answer.headers, answer.body.into()),
        Ok(None) => plain(404, "no such document\n"),
        Err(error) => plain(error.status(), error.message()),
    };
    let elapsed_ns = u64::try_from(at.elapsed().as_nanos()).unwrap_or(u64::MAX);
    let entropy: &dyn Entropy = &SystemEntropy;
    shared.control.parts().trails.record(Trail {
        request_id: RequestId::from(entropy.uuid()),
        started,
        listener: AdminListener::Admin.as_str().into(),
        source: source.ip().to_string(),
        host: String::new(),
        method: endpoint.method,
        path: endpoint.path,
        steps: vec![Step {
            layer: "identity".into(),
            outcome,
            reason: reason.into(),
            elapsed_ns,
        }],
        status: response.status().as_u16(),
        elapsed_ns,
    });
    response
}

fn plain(status: u16, text: &str) -> Response<Full<Bytes>> {
    let mut headers = HeaderList::new();
    headers.push("content-type", "text/plain; charset=utf-8");
    respond(status, &headers, Bytes::copy_from_slice(text.as_bytes()))
}

fn respond(status: u16, headers: &HeaderList, body: Bytes) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body));
    *response.status_mut() =
        http::StatusCode::from_u16(status).unwrap_or(http::StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in headers.iter() {
        if let (Ok(name), Ok(value)) = (
            http::HeaderName::from_bytes(name),
            http::HeaderValue::from_bytes(value),
        ) {
            response.headers_mut().append(name, value);
        }
    }
    response
}
