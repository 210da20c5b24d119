//! One connection: HTTP/1 or HTTP/2 over whatever stream, each request answered in turn or in its own stream.

use std::{rc::Rc, sync::Arc, time::Duration};

use portcullis_model::Clock;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
};

use super::{Answer, EdgeLimits, admission::Judge, http1, http2, load::Load, tls::Line};
use crate::http::Peer;

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
    /// Returns how long things wait on this thread, when that is too long for another request.
    pub(crate) fn overload(&self) -> Option<Duration> {
        self.load.over(self.limits.queue_time_max)
    }

    /// Tells whether a stop was asked for, the only change there is.
    pub(crate) fn is_stopping(&self) -> bool {
        !matches!(self.stop.has_changed(), Ok(false))
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
