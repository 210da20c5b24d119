//! The admin listener: HTTP in, [`Control`] answers. Also whether the server lives and is ready.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{
    Router,
    body::{Body, to_bytes},
    extract::{ConnectInfo, Request, State},
    http::{HeaderName, HeaderValue, StatusCode},
    response::{IntoResponse, Response},
    routing::get,
};
use bytes::Bytes;
use portcullis_control::{AdminListener, AdminRequest, BODY_BYTES_MAX, Control};
use portcullis_identity::endpoints::EndpointRequest;
use portcullis_model::HeaderList;
use tokio::{net::TcpListener, sync::watch, task::JoinHandle};

/// A running admin listener.
pub(super) struct AdminServer {
    stop: watch::Sender<bool>,
    task: JoinHandle<std::io::Result<()>>,
    ready: Arc<AtomicBool>,
}

#[derive(Clone)]
struct Shared {
    control: Control,
    ready: Arc<AtomicBool>,
}

impl AdminServer {
    /// Starts answering on `listener`.
    pub(super) fn start(listener: TcpListener, control: Control) -> Self {
        let (stop, mut stopped) = watch::channel(false);
        let ready = Arc::new(AtomicBool::new(true));
        let router = Router::new()
            .route("/livez", get(|| async { "ok\n" }))
            .route("/readyz", get(readyz))
            .route("/{pool}/.well-known/{document}", get(well_known))
            .fallback(call)
            .with_state(Shared {
                control,
                ready: ready.clone(),
            });
        let service = router.into_make_service_with_connect_info::<SocketAddr>();
        let task = tokio::spawn(async move {
            axum::serve(listener, service)
                .with_graceful_shutdown(async move { drop(stopped.wait_for(|stop| *stop).await) })
                .await
        });
        Self { stop, task, ready }
    }

    /// Stops accepting and waits a moment for open calls.
    pub(super) async fn stop(self) {
        self.ready.store(false, Ordering::Relaxed);
        self.stop.send_replace(true);
        // Idle keep-alive connections of clients may stay open for long: they are cut off.
        drop(tokio::time::timeout(std::time::Duration::from_secs(2), self.task).await);
    }
}

async fn readyz(State(shared): State<Shared>) -> Response {
    if shared.ready.load(Ordering::Relaxed) {
        "ok\n".into_response()
    } else {
        (StatusCode::SERVICE_UNAVAILABLE, "stopping\n").into_response()
    }
}

/// Keys and metadata of a pool: for everybody, as on the public listeners.
async fn well_known(State(shared): State<Shared>, request: Request) -> Response {
    let endpoint = EndpointRequest {
        method: request.method().as_str().to_owned(),
        path: request.uri().path().to_owned(),
        ..EndpointRequest::default()
    };
    match shared.control.parts().identity.well_known(&endpoint).await {
        Ok(Some(answer)) => respond(answer.status, &answer.headers, answer.body.into()),
        Ok(None) => StatusCode::NOT_FOUND.into_response(),
        Err(error) => {
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, error.message().to_owned()).into_response()
        }
    }
}

async fn call(
    State(shared): State<Shared>,
    ConnectInfo(source): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, BODY_BYTES_MAX).await else {
        return (StatusCode::PAYLOAD_TOO_LARGE, "the body is too long\n").into_response();
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

fn respond(status: u16, headers: &HeaderList, body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    for (name, value) in headers.iter() {
        if let (Ok(name), Ok(value)) = (HeaderName::from_bytes(name), HeaderValue::from_bytes(value)) {
            response.headers_mut().append(name, value);
        }
    }
    response
}
