//! When a request came and what it is called: known before anything else of it.

use std::{rc::Rc, time::Instant};

use portcullis_model::Timestamp;

use crate::{
    exchange::Exchange, http::Request, in_place::boxed, pipeline::nanoseconds, snapshot::TakenSnapshot,
};

/// When a request came, and its id.
#[derive(Clone, Copy)]
pub(crate) struct Arrival {
    pub(crate) id: u128,
    pub(crate) started: Timestamp,
    pub(crate) started_at: Instant,
}

impl Arrival {
    /// Returns how long it took until `ended_at`.
    pub(crate) fn elapsed_ns(self, ended_at: Instant) -> u64 {
        nanoseconds(self.started_at, ended_at)
    }

    /// Starts the exchange of the request. Boxed once, for the layers pass it on, and a pointer is cheaper to pass.
    pub(crate) fn exchange(
        self,
        request: Box<Request>,
        snapshot: TakenSnapshot,
        api_id: Rc<str>,
        path_start: usize,
    ) -> Box<Exchange> {
        let Self {
            id,
            started,
            started_at,
        } = self;
        boxed(|| Exchange::start(request, snapshot, api_id, path_start, id, started, started_at))
    }
}
