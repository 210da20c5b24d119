//! One worker's way from a request to a response: host, then the pipeline or a site.

use std::sync::Arc;

use portcullis_model::{Clock, Entropy};

use crate::{
    edge::Answer,
    http::{Request, Response},
    ports::Sites,
    request_id::RequestIds,
    revocations::Revocations,
    snapshot::Snapshots,
    trail::TrailLog,
};

/// What all workers share. Cheap to clone.
#[derive(Clone)]
pub struct GatewayParts {
    pub snapshots: Arc<Snapshots>,
    pub revocations: Arc<Revocations>,
    pub trails: Arc<TrailLog>,
    pub sites: Arc<dyn Sites>,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub settings: GatewaySettings,
}

/// What an operator sets.
#[derive(Clone, Debug, Default)]
pub struct GatewaySettings {
    /// Under `serve`, clear text only redirects to `https` at this port.
    pub redirect_clear_text_to: Option<u16>,
}

/// Answers requests. One on each worker thread: it owns what the thread need not share (connections, verified tokens).
pub struct Gateway {
    parts: GatewayParts,
    ids: RequestIds,
}

impl Gateway {
    /// Returns a gateway for the calling thread.
    pub fn new(parts: GatewayParts) -> Self {
        let ids = RequestIds::seeded(parts.entropy.as_ref());
        Self { parts, ids }
    }

    /// Answers a request and records its trail.
    pub async fn handle(&self, request: Request) -> Response {
        let _ = (&self.parts, self.ids.next_uuid(), request);
        Response::full(421, "text/plain", "misdirected request\n")
    }
}

impl Answer for Gateway {
    fn answer(&self, request: Request) -> impl Future<Output = Response> {
        self.handle(request)
    }
}
