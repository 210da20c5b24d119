//! Layer 7: what the integration gets: parameters mapped, templates rendered.

use crate::{
    decision::{Decision, LayerName},
    exchange::{BodyNeed, Exchange},
    gateway::Worker,
    mapping::request,
    pipeline::Layer,
    snapshot::stage::MethodSnapshot,
};

pub(crate) struct Mapping;

impl Layer for Mapping {
    const NAME: LayerName = LayerName::Mapping;

    fn body_need(method: &MethodSnapshot) -> BodyNeed {
        method.backend.request.body_need()
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
