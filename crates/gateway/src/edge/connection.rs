//! One connection: HTTP/1 or HTTP/2 over whatever stream, each request answered in turn or in its own stream.

use std::{convert::Infallible, future::Future, pin::pin, rc::Rc, sync::Arc};

use hyper::{rt::Executor, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use portcullis_model::Clock;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
};

use super::{Answer, EdgeLimits, http1, load::Load, message};
use crate::http::{Peer, Request, Response};

/// What every connection of a worker shares.
pub(crate) struct Shared<A> {
    pub(crate) answer: A,
    pub(crate) limits: EdgeLimits,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) load: Rc<Load>,
    pub(crate) stop: watch::Receiver<bool>,
}

impl<A: Answer> Shared<A> {
    /// Answers a request, if there is time for it.
    pub(crate) async fn answer(&self, request: Request) -> Response {
        match self.load.over(self.limits.queue_time_max) {
            Some(waits) => self.answer.overloaded(request, waits),
            None => self.answer.answer(request).await,
        }
    }
}

/// Spawns HTTP/2 streams on the connection's own thread.
#[derive(Clone, Copy)]
struct ThisThread;

impl<F: Future<Output = ()> + 'static> Executor<F> for ThisThread {
    fn execute(&self, stream: F) {
        tokio::task::spawn_local(stream);
    }
}

/// Serves requests from `stream` until either side ends it or a stop is asked for.
pub(crate) async fn serve<A: Answer>(
    shared: Rc<Shared<A>>,
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    peer: Peer,
    http2: bool,
) {
    if http2 {
        // What a connection holds while it idles is as large as the largest it may ever hold, unless that is on the heap.
        Box::pin(serve_http2(shared, stream, peer)).await;
    } else {
        http1::serve(&shared, stream, peer).await;
    }
}

async fn serve_http2<A: Answer>(
    shared: Rc<Shared<A>>,
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    peer: Peer,
) {
    let limits = &shared.limits;
    let service = service_fn(|request| {
        let (shared, peer) = (shared.clone(), peer.clone());
        async move {
            Ok::<_, Infallible>(match message::request(request, peer.clone(), &shared.limits) {
                Ok(request) => {
                    let to_head = *request.method == *b"HEAD";
                    message::response(shared.answer(request).await, to_head)
                }
                Err(rule) => message::response(shared.answer.malformed(&peer, rule), false),
            })
        }
    });
    let mut stop = shared.stop.clone();
    let stopped = async move { stop.wait_for(|stop| *stop).await.map(|_| ()) };
    let mut stopped = pin!(stopped);
    // A connection that breaks off is the peer's affair: there is nobody left to tell.
    let connection = http2::Builder::new(ThisThread)
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams_max)
        .max_pending_accept_reset_streams(limits.resets_pending_max)
        .max_header_list_size(u32::try_from(limits.head_bytes_max).unwrap_or(u32::MAX))
        .keep_alive_interval(limits.head_time)
        .serve_connection(TokioIo::new(stream), service);
    let mut connection = pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => drop(ended),
        _ = &mut stopped => {
            connection.as_mut().graceful_shutdown();
            drop(connection.await);
        }
    }
}
