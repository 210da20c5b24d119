//! Layer 7: what the integration gets: parameters mapped, templates rendered.

use crate::{
    decision::{Decision, LayerName},
    exchange::{BODY_BYTES_MAX, BodyNeed, Exchange},
    gateway::Worker,
    mapping::request,
    pipeline::Layer,
};

pub(crate) struct Mapping;

impl Layer for Mapping {
    const NAME: LayerName = LayerName::Mapping;

    fn body_need(exchange: &Exchange, _worker: &Worker) -> BodyNeed {
        // One that came coded is known to be whole and true before anybody gets a part of it.
        if exchange.is_decoded() {
            return BodyNeed::Whole(BODY_BYTES_MAX);
        }
        exchange
            .known_method()
            .map_or(BodyNeed::None, |method| method.backend.request.body_need())
    }

    async fn check(exchange: &mut Exchange, _worker: &Worker) -> Decision {
        let mapped = exchange
            .method()
            .and_then(|method| request::map(exchange, &method.backend.request));
        match mapped {
            Ok((mapped, reason)) => {
                exchange.map(mapped);
                Decision::Continue(reason)
            }
            Err(refusal) => refusal.into(),
        }
    }
}
