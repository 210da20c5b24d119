//! Layer 2: which stage of which API, and which method on which resource.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html>, type
//! `MISSING_AUTHENTICATION_TOKEN`: "when a client invokes an unsupported method or resource".

use std::{rc::Rc, sync::Arc};

use portcullis_model::StageName;

use crate::{
    decision::{Decision, LayerName, Reason, shown},
    exchange::Exchange,
    gateway::Worker,
    http::{
        coding::Coding,
        path::{canonical_path, position},
    },
    pipeline::Layer,
    refusal::{Refusal, RefusalKind},
    snapshot::methods::MethodSnapshot,
    vpc_endpoints::{self, VpcEndpoints},
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
pub(crate) fn enter_stage(
    exchange: &mut Exchange,
    endpoints: &VpcEndpoints,
    body_bytes_max: usize,
) -> Result<(), Refusal> {
    let api_id = exchange.api_id();
    // A REST API does not say whether it is there; an HTTP API does.
    let unknown = |cause: String| {
        let kind = if exchange.snapshot().is_http_api(api_id) {
            RefusalKind::ResourceNotFound
        } else {
            RefusalKind::Forbidden
        };
        Refusal::new(kind, cause)
    };
    // Before the stage is known, this is where its name stands in the path, unless a custom domain has named it.
    let path = exchange.resource_path();
    let after_slash = path.get(1..).unwrap_or_default();
    let length = position(after_slash, b'/').unwrap_or(after_slash.len());
    let first = after_slash.get(..length).unwrap_or_default();
    let mapped = exchange.mapped_stage().map(StageName::as_str);
    let name = mapped.map_or(first, str::as_bytes);
    let found = exchange.snapshot().stage(api_id, name);
    // What a domain leads to is that stage and no other.
    let found = found.filter(|(stage, _)| mapped.is_none_or(|mapped| stage.stage_name.as_str() == mapped));
    let Some((stage, is_named)) = found else {
        return Err(unknown(if exchange.snapshot().has_api(api_id) {
            let name = std::str::from_utf8(name).unwrap_or_default();
            format!("API `{api_id}` has no stage `{}`", shown(name))
        } else {
            format!("API `{}` does not exist or has no stage", shown(api_id))
        }));
    };
    if !stage.default_endpoint && exchange.domain().is_none() {
        return Err(unknown(format!(
            "API `{api_id}` has disabled its execute-api endpoint"
        )));
    }
    let taken = if is_named && mapped.is_none() {
        (1 + length).min(path.len())
    } else {
        0
    };
    let canary = stage
        .canary
        .as_ref()
        .and_then(|canary| canary.takes(exchange.request(), exchange.id()))
        .map(|canary| Rc::new(Arc::clone(canary)));
    // A release on trial opens nothing that the stage does not.
    let of_canary = canary.as_ref().and_then(|canary| canary.private.as_deref());
    let private = stage.private.as_deref().or(of_canary);
    vpc_endpoints::enter(exchange, private, endpoints)?;
    exchange.enter_stage(canary.unwrap_or(stage), taken);
    check_length(exchange, body_bytes_max)?;
    check_coding(exchange)
}

/// A REST API takes its bodies coded, and every layer sees what they were before. HTTP APIs pass them on as they are.
fn check_coding(exchange: &mut Exchange) -> Result<(), Refusal> {
    if exchange.is_http_api() || exchange.request().body.length() == Some(0) {
        return Ok(());
    }
    match Coding::of_request(&exchange.request().headers) {
        Ok(None) => Ok(()),
        Ok(Some(coding)) => {
            exchange.decode_body(coding);
            Ok(())
        }
        Err(coding) => Err(Refusal::new(
            RefusalKind::UnsupportedMediaType,
            format!("`Content-Encoding: {}` is not supported", shown(&coding)),
        )),
    }
}

/// A declared length over the limit is refused before anything else is asked. Others are cut where they are read.
fn check_length(exchange: &Exchange, body_bytes_max: usize) -> Result<(), Refusal> {
    match exchange.request().body.length() {
        Some(length) if length > body_bytes_max as u64 => Err(Refusal::new(
            RefusalKind::RequestTooLarge,
            format!("the body has {length} bytes, more than {body_bytes_max}"),
        )),
        _ => Ok(()),
    }
}

fn enter_method(exchange: &mut Exchange) -> Decision {
    let missing = |cause: String| Refusal::new(RefusalKind::MissingAuthenticationToken, cause).into();
    let Some(stage) = exchange.stage() else {
        return missing("no stage was found".to_owned());
    };
    if stage.http_api().is_some() {
        return enter_http_route(exchange);
    }
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
    let method = Arc::clone(method);
    let other = |path: &[u8]| {
        let (resource, _) = stage.router.find(path)?;
        resource.method(&exchange.request().method)
    };
    if let Err(cause) = check_spelling(exchange.resource_path(), &method, other) {
        return missing(cause);
    }
    exchange.enter_route(Arc::clone(&method), places);
    Decision::Continue(Reason::Method(method))
}

/// What a backend may read as another path must not slip past the method of that path, and its authorizer. AWS does not
/// look: its backends must.
fn check_spelling<'a>(
    path: &[u8],
    method: &Arc<MethodSnapshot>,
    find: impl FnOnce(&[u8]) -> Option<&'a Arc<MethodSnapshot>>,
) -> Result<(), String> {
    let Some(meant) = canonical_path(path) else {
        return Ok(());
    };
    if find(&meant).is_some_and(|other| Arc::ptr_eq(other, method)) {
        return Ok(());
    }
    Err(format!(
        "the path fits `{}`, and once normalised, as `{}`, another route or none",
        method.reason,
        shown(&String::from_utf8_lossy(&meant))
    ))
}

/// The route of an HTTP API: a full match of path and method, else one with a greedy parameter, else `$default`.
fn enter_http_route(exchange: &mut Exchange) -> Decision {
    let not_found = |cause: String| Refusal::new(RefusalKind::ResourceNotFound, cause).into();
    let stage = exchange.stage();
    let Some((stage, api)) = stage.and_then(|stage| Some((stage, stage.http_api()?))) else {
        return not_found("no stage was found".to_owned());
    };
    let Some((method, places)) = api.find(
        &stage.router,
        &exchange.request().method,
        exchange.resource_path(),
    ) else {
        let method = String::from_utf8_lossy(&exchange.request().method);
        let path = String::from_utf8_lossy(exchange.resource_path());
        return not_found(format!("no route for `{}`", shown(&format!("{method} {path}"))));
    };
    let method = Arc::clone(method);
    let other = |path: &[u8]| {
        let found = api.find(&stage.router, &exchange.request().method, path);
        found.map(|(method, _)| method)
    };
    if let Err(cause) = check_spelling(exchange.resource_path(), &method, other) {
        return not_found(cause);
    }
    exchange.enter_route(Arc::clone(&method), places);
    Decision::Continue(Reason::Method(method))
}
