//! The response cache, between the mapping and the integration: every layer before it has let the request pass.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-caching.html>. A hit is an answer; the integration is
//! not asked. `Cache-Control: max-age=0` has the answer made anew, for whom may do that.

use std::sync::Arc;

use bytes::Bytes;
use portcullis_model::HeaderList;
use serde_json::Value;

use crate::{
    decision::{Decision, LayerName},
    exchange::Exchange,
    gateway::Worker,
    http::{Body, Response},
    layers::{
        authorizer::{Caller, iam},
        method_arn::method_arn,
        resource_policy,
    },
    mapping::expression::{Expression, Mapped, Scope},
    pipeline::Layer,
    refusal::{Refusal, RefusalKind},
    snapshot::{StageSnapshot, methods::MethodSnapshot},
    stage_cache::{
        CACHED_BODY_BYTES_MAX, CacheKey,
        kept::Kept,
        settings::{Invalidation, MethodCache, Unauthorized},
    },
};

const INVALIDATE: &str = "execute-api:InvalidateCache";
/// What a client is told whose `Cache-Control` is not heeded. AWS's words are not recorded.
const WARNING: &str = "199 - \"Cache-Control was ignored: execute-api:InvalidateCache is not allowed\"";
/// What of a caller's context changes with every token, and is no part of who he is.
const PASSING: [&str; 8] = [
    "exp",
    "iat",
    "nbf",
    "auth_time",
    "jti",
    "origin_jti",
    "event_id",
    "integrationLatency",
];

/// Where the answer of an exchange is to be kept.
pub(crate) struct Ticket {
    key: CacheKey,
    /// How often the cache had been flushed.
    since: u64,
}

pub(crate) struct Cache;

impl Layer for Cache {
    const NAME: LayerName = LayerName::Cache;

    fn applies(exchange: &Exchange) -> bool {
        // A WebSocket is no answer that could be kept, and an answer that was kept is no WebSocket.
        parts(exchange).is_some() && !exchange.request().is_handshake()
    }

    async fn check(exchange: &mut Exchange, worker: &Worker) -> Decision {
        let Some((stage, method)) = parts(exchange) else {
            return Decision::Continue("nothing is kept".into());
        };
        let (Some(cache), Some(settings)) = (&stage.cache, &method.cache) else {
            return Decision::Continue("nothing is kept".into());
        };
        let key = key_of(exchange, &stage, settings);
        let mut warns = false;
        if wants_fresh(exchange) {
            match may_invalidate(exchange, settings.invalidation) {
                Permission::Yes => {
                    exchange.keep_by(Ticket {
                        key,
                        since: cache.flushes(),
                    });
                    return Decision::Continue("the client has the answer made anew".into());
                }
                Permission::No(Unauthorized::Fail) => {
                    let cause =
                        format!("`Cache-Control: max-age=0` needs {INVALIDATE}, which nothing allows");
                    return Refusal::new(RefusalKind::AccessDenied, cause).into();
                }
                Permission::No(Unauthorized::Warn) => warns = true,
                Permission::No(Unauthorized::Ignore) => {}
            }
        }
        if warns {
            exchange.warn_of_cache();
        }
        let kept = cache.find(&key, exchange.started());
        let found = kept.and_then(|kept| kept.response(&purpose(&stage, &key), worker.sealing()));
        match found {
            Some(mut response) => {
                finish(exchange, &mut response);
                Decision::Answer(Box::new(response), "kept before, and still fresh".into())
            }
            None => {
                exchange.keep_by(Ticket {
                    key,
                    since: cache.flushes(),
                });
                Decision::Continue("not kept".into())
            }
        }
    }
}

fn parts(exchange: &Exchange) -> Option<(Arc<StageSnapshot>, Arc<MethodSnapshot>)> {
    let (stage, method) = (exchange.stage()?, exchange.method().ok()?);
    (stage.cache.is_some() && method.cache.is_some()).then(|| (Arc::clone(stage), Arc::clone(method)))
}

/// Adds what an answer carries that comes from the cache or past it.
pub(crate) fn finish(exchange: &Exchange, response: &mut Response) {
    if exchange.warns_of_cache() {
        response.headers.push("Warning", WARNING);
    }
}

/// Keeps the answer of an integration, where the exchange has a ticket for it, and says why it does not.
pub(crate) async fn keep(
    exchange: &mut Exchange,
    response: &mut Response,
    worker: &Worker,
) -> Option<&'static str> {
    let ticket = exchange.take_ticket()?;
    let (stage, method) = parts(exchange)?;
    let (cache, settings) = (stage.cache.as_ref()?, method.cache.as_ref()?);
    if let Err(reason) = may_be_kept(response) {
        return Some(reason);
    }
    let Some(body) = whole_body(response).await else {
        return Some("its body is longer than is kept, or does not end");
    };
    let expires = exchange.started().plus_seconds(settings.ttl_seconds.into());
    let (status, headers) = (response.status, response.headers.detached());
    let kept = if settings.is_encrypted {
        let purpose = purpose(&stage, &ticket.key);
        let response = (status, &headers, body.as_ref());
        Kept::sealed(response, &purpose, &ticket.key, worker.sealing(), expires)
    } else {
        // A copy: the bytes may be a slice of something much longer.
        let body = Bytes::copy_from_slice(&body);
        Kept::plain(status, headers, body, ticket.key.bytes().len(), expires)
    };
    let Some(kept) = kept else {
        return Some("there is no room for it");
    };
    cache.keep(ticket.key, kept, ticket.since);
    None
}

/// AWS does not say which answers it keeps; ours are those of success that say nothing against it.
fn may_be_kept(response: &Response) -> Result<(), &'static str> {
    if response.status / 100 != 2 {
        return Err("its status is no success");
    }
    if response.headers.get("set-cookie").is_some() {
        return Err("it sets a cookie");
    }
    let says_no = response.headers.all("cache-control").any(|value| {
        directives(value)
            .any(|word| word.eq_ignore_ascii_case(b"no-store") || word.eq_ignore_ascii_case(b"private"))
    });
    if says_no {
        return Err("its `Cache-Control` says that it is not to be kept");
    }
    let is_event_stream = response
        .headers
        .text("content-type")
        .is_some_and(|kind| kind.starts_with("text/event-stream"));
    if is_event_stream {
        return Err("it is a stream of events");
    }
    Ok(())
}

/// Reads a body as far as it would be kept; none where it is longer, which passes on untouched.
async fn whole_body(response: &mut Response) -> Option<Bytes> {
    match &response.body {
        Body::Empty => Some(Bytes::new()),
        Body::Full(body) => (body.len() <= CACHED_BODY_BYTES_MAX).then(|| body.clone()),
        other
            if other
                .length()
                .is_some_and(|length| length > CACHED_BODY_BYTES_MAX as u64) =>
        {
            None
        }
        _ => {
            let prefix = response.body.read_prefix(CACHED_BODY_BYTES_MAX + 1).await.ok()?;
            matches!(response.body, Body::Full(_)).then_some(prefix)
        }
    }
}

/// Bound to the stage and to the key, so that nothing that is sealed opens in another place.
fn purpose(stage: &StageSnapshot, key: &CacheKey) -> String {
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, key.bytes());
    let mut purpose = format!("stage-cache/{}/", stage.arn);
    for byte in digest.as_ref() {
        purpose.push_str(&format!("{byte:02x}"));
    }
    purpose
}

fn key_of(exchange: &Exchange, stage: &StageSnapshot, settings: &MethodCache) -> CacheKey {
    let scope = Scope {
        exchange,
        answer: None,
        refusal: None,
    };
    let values_of = |expression: &Expression| {
        let values = expression.evaluate(scope);
        let values = values.iter().map(|value| match value {
            Mapped::Plain(text) => Some(text.as_ref()),
            Mapped::Encoded(text) => Some(*text),
        });
        CacheKey::of(values)
    };
    let parameters: Vec<CacheKey> = settings.parameters.iter().map(values_of).collect();
    let caller = (!settings.shares_callers).then(|| who(exchange)).flatten();
    let key_id = exchange.key_id().filter(|_| !settings.shares_callers);
    let accept = settings
        .varies_by_accept
        .then(|| exchange.request().headers.get("accept"))
        .flatten();
    let known = [
        Some(stage.cache_release.as_bytes()),
        Some(exchange.request().method.as_ref()),
        Some(settings.namespace.as_bytes()),
        caller.as_deref().map(str::as_bytes),
        key_id.map(str::as_bytes),
        accept.map(AsRef::as_ref),
    ];
    let parameters = parameters.iter().map(|values| Some(values.bytes()));
    CacheKey::of(known.into_iter().chain(parameters))
}

/// Returns all that the authorizer said of the caller, but for what changes with every token.
fn who(exchange: &Exchange) -> Option<String> {
    let caller = exchange.caller()?;
    if let Caller::Iam(signer) = caller {
        let name = |name| signer.identity(name).unwrap_or_default().into_owned();
        return Some(format!("{} {}", name("userArn"), name("accessKey")));
    }
    let mut context = caller.event_context()?;
    forget_passing(&mut context);
    if let Some(claims) = context.get_mut("claims") {
        forget_passing(claims);
    }
    Some(context.to_string())
}

fn forget_passing(context: &mut Value) {
    if let Some(members) = context.as_object_mut() {
        members.retain(|name, _| !PASSING.contains(&name.as_str()));
    }
}

fn directives(value: &[u8]) -> impl Iterator<Item = &[u8]> {
    value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii)
}

fn wants_fresh(exchange: &Exchange) -> bool {
    let headers: &HeaderList = &exchange.request().headers;
    headers
        .all("cache-control")
        .any(|value| directives(value).any(|word| word.eq_ignore_ascii_case(b"max-age=0")))
}

enum Permission {
    Yes,
    No(Unauthorized),
}

/// A signer may by his policies and the API's; anybody else by what the API's own policy says to everybody.
fn may_invalidate(exchange: &Exchange, invalidation: Invalidation) -> Permission {
    let Invalidation::Permitted(otherwise) = invalidation else {
        return Permission::Yes;
    };
    let Ok(arn) = method_arn(exchange) else {
        return Permission::No(otherwise);
    };
    let allowed = match exchange.caller() {
        Some(Caller::Iam(caller)) => iam::allows(exchange, caller, INVALIDATE, &arn),
        _ => resource_policy::allows_everybody(exchange, INVALIDATE, &arn),
    };
    if allowed {
        Permission::Yes
    } else {
        Permission::No(otherwise)
    }
}
