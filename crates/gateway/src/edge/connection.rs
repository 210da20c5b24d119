//! One connection: HTTP/1 or HTTP/2 over whatever stream, each request answered in turn or in its own stream.

use std::{rc::Rc, sync::Arc};

use portcullis_model::Clock;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
};

use super::{Answer, EdgeLimits, admission::Judge, http1, http2, load::Load, tls::Line};
use crate::http::{Peer, Request, Response};

/// What every connection of a worker shares.
pub(crate) struct Shared<A> {
    pub(crate) answer: A,
    pub(crate) limits: EdgeLimits,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) load: Rc<Load>,
    pub(crate) line: Line,
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

/// Serves requests from `stream` until either side ends it or a stop is asked for. HTTP/2, whose clients are judged, or HTTP/1.
pub(crate) async fn serve<A: Answer>(
    shared: Rc<Shared<A>>,
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    peer: Peer,
    http2: Option<Judge>,
) {
    match http2 {
        // What a connection holds while it idles is as large as the largest it may ever hold, unless that is on the heap.
        Some(judge) => Box::pin(http2::serve(shared, stream, peer, judge)).await,
        None => http1::serve(&shared, stream, peer).await,
    }
}
