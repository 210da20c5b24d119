//! Layer 2: which stage of which API, and which method on which resource.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html>, type
//! `MISSING_AUTHENTICATION_TOKEN`: "when a client invokes an unsupported method or resource".

use std::sync::Arc;

use crate::{
    decision::{Decision, LayerName, Reason, shown},
    exchange::{BODY_BYTES_MAX, Exchange},
    gateway::Worker,
    pipeline::Layer,
    refusal::{Refusal, RefusalKind},
};

pub(crate) struct Route;

impl Layer for Route {
    const NAME: LayerName = LayerName::Route;

    async fn check(exchange: &mut Exchange, _worker: &Worker) -> Decision {
        enter_method(exchange)
    }
}

/// Finds the stage, before any layer: each reads there what it enforces. What is wrong here is wrong before any stage, so no
/// gateway response can customise it.
pub(crate) fn enter_stage(exchange: &mut Exchange) -> Result<(), Refusal> {
    let forbidden = |cause: String| Refusal::new(RefusalKind::Forbidden, cause);
    let api_id = exchange.api_id();
    let path = exchange.path();
    let after_slash = path.get(1..).unwrap_or_default();
    let length = memchr::memchr(b'/', after_slash).unwrap_or(after_slash.len());
    let name = after_slash.get(..length).unwrap_or_default();
    let name = std::str::from_utf8(name).unwrap_or_default();
    let Some(stage) = exchange.snapshot().stage(api_id, name) else {
        return Err(forbidden(if exchange.snapshot().has_api(api_id) {
            format!("API `{api_id}` has no stage `{}`", shown(name))
        } else {
            format!("API `{}` does not exist or has no stage", shown(api_id))
        }));
    };
    if !stage.default_endpoint {
        return Err(forbidden(format!(
            "API `{api_id}` has disabled its execute-api endpoint"
        )));
    }
    let (stage, start) = (Arc::clone(stage), exchange.path_start() + 1 + length);
    exchange.enter_stage(stage, start);
    check_length(exchange)
}

/// A declared length over the limit is refused before anything else is asked. Others are cut where they are read.
fn check_length(exchange: &Exchange) -> Result<(), Refusal> {
    match exchange.request().body.length() {
        Some(length) if length > BODY_BYTES_MAX as u64 => Err(Refusal::new(
            RefusalKind::RequestTooLarge,
            format!("the body has {length} bytes, more than {BODY_BYTES_MAX}"),
        )),
        _ => Ok(()),
    }
}

fn enter_method(exchange: &mut Exchange) -> Decision {
    let missing = |cause: String| Refusal::new(RefusalKind::MissingAuthenticationToken, cause).into();
    let Some(stage) = exchange.stage().map(Arc::clone) else {
        return missing("no stage was found".to_owned());
    };
    let Some((resource, places)) = stage.router.find(exchange.resource_path()) else {
        let path = String::from_utf8_lossy(exchange.resource_path());
        return missing(format!("no resource matches `{}`", shown(&path)));
    };
    let Some(method) = resource.method(&exchange.request().method) else {
        let method = String::from_utf8_lossy(&exchange.request().method);
        return missing(format!(
            "resource `{}` has no method `{}`",
            resource.path,
            shown(&method)
        ));
    };
    let reason = Reason::Method(Arc::clone(method));
    let method = Arc::clone(method);
    exchange.enter_route(method, places);
    Decision::Continue(reason)
}
