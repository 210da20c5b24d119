//! Layer 1: what the web ACL of the stage says, before the route is looked for.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-control-access-aws-waf.html>: "AWS WAF rules
//! are evaluated before other access control features". A web ACL that is associated and cannot be found refuses everything.

use std::{sync::Arc, time::Instant};

use crate::{
    decision::{Decision, LayerName, Nothing, Reason},
    exchange::{BodyNeed, Exchange, WafFacts, WafVerdict},
    firewall::{Question, WebAclSnapshot},
    gateway::Worker,
    pipeline::Layer,
    refusal::{Refusal, RefusalKind},
    snapshot::Guard,
};

pub(crate) struct Firewall;

impl Layer for Firewall {
    const NAME: LayerName = LayerName::Firewall;

    fn body_need(exchange: &Exchange, _worker: &Worker) -> BodyNeed {
        match guard(exchange) {
            Guard::WebAcl(web_acl) => web_acl.body_need(),
            Guard::None | Guard::Missing(_) => BodyNeed::None,
        }
    }

    fn idle(exchange: &Exchange) -> Option<Nothing> {
        matches!(guard(exchange), Guard::None).then_some(Nothing::NoWebAcl)
    }

    async fn check(exchange: &mut Exchange, worker: &Worker) -> Decision {
        let web_acl = match guard(exchange) {
            Guard::None => return Decision::Continue(Reason::Nothing(Nothing::NoWebAcl)),
            Guard::Missing(arn) => {
                let cause = format!("the web ACL `{arn}` of this stage cannot be found");
                exchange.judge(WafFacts::failed(Arc::clone(arn), &cause));
                return Refusal::new(RefusalKind::Internal, cause).into();
            }
            Guard::WebAcl(web_acl) => Arc::clone(web_acl),
        };
        ask(&web_acl, exchange, worker)
    }
}

fn guard(exchange: &Exchange) -> Guard<'_> {
    exchange
        .stage()
        .map_or(Guard::None, |stage| exchange.snapshot().guard(&stage.arn))
}

fn ask(web_acl: &WebAclSnapshot, exchange: &mut Exchange, worker: &Worker) -> Decision {
    let started = Instant::now();
    let judgement = worker.firewall().judge(
        web_acl,
        &Question {
            request: exchange.request(),
            path: exchange.path(),
            body_read: exchange.body_read(),
            now: exchange.started(),
        },
    );
    let verdict = match judgement.block {
        Some(_) => WafVerdict::Block,
        None => WafVerdict::Allow,
    };
    exchange.judge(WafFacts {
        web_acl_arn: Arc::clone(web_acl.arn()),
        verdict: Some(verdict),
        error: None,
        latency: started.elapsed(),
    });
    judgement.apply_to(exchange.headers_for_firewall());
    match judgement.block {
        None => Decision::Continue(judgement.reason),
        Some(response) => Refusal::new(RefusalKind::WafFiltered, judgement.reason)
            .with_response(response)
            .into(),
    }
}
