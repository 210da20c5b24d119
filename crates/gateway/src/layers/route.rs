//! Layer 2: which stage of which API, and which method on which resource.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/supported-gateway-response-types.html>, type
//! `MISSING_AUTHENTICATION_TOKEN`: "when a client invokes an unsupported method or resource".

use std::sync::Arc;

use portcullis_model::StageName;

use crate::{
    decision::{Decision, LayerName, Reason, shown},
    exchange::{BODY_BYTES_MAX, Exchange},
    gateway::Worker,
    pipeline::Layer,
    refusal::{Refusal, RefusalKind},
    snapshot::{StageSnapshot, http_api::HttpApi},
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
    let length = memchr::memchr(b'/', after_slash).unwrap_or(after_slash.len());
    let first = after_slash.get(..length).unwrap_or_default();
    let mapped = exchange.mapped_stage().map(StageName::as_str);
    let name = mapped.unwrap_or_else(|| std::str::from_utf8(first).unwrap_or_default());
    let found = exchange.snapshot().stage(api_id, name);
    // What a domain leads to is that stage and no other.
    let found = found.filter(|(stage, _)| mapped.is_none_or(|mapped| stage.stage_name.as_str() == mapped));
    let Some((stage, is_named)) = found else {
        return Err(unknown(if exchange.snapshot().has_api(api_id) {
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
    let stage = Arc::clone(stage);
    exchange.enter_stage(stage, taken);
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
    if let Some(api) = stage.http_api() {
        return enter_http_route(exchange, &stage, api);
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
    let reason = Reason::Method(Arc::clone(method));
    let method = Arc::clone(method);
    exchange.enter_route(method, places);
    Decision::Continue(reason)
}

/// The route of an HTTP API: a full match of path and method, else one with a greedy parameter, else `$default`.
fn enter_http_route(exchange: &mut Exchange, stage: &StageSnapshot, api: &HttpApi) -> Decision {
    let not_found = |cause: String| Refusal::new(RefusalKind::ResourceNotFound, cause).into();
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
    // What a backend may read as another path must not slip past the route of that path, and its authorizer.
    if let Some(meant) = canonical_path(exchange.resource_path()) {
        let other = api.find(&stage.router, &exchange.request().method, &meant);
        if !other.is_some_and(|(other, _)| Arc::ptr_eq(other, &method)) {
            let meant = String::from_utf8_lossy(&meant);
            return not_found(format!(
                "the path fits the route `{}`, and once normalised, as `{}`, another",
                method.reason,
                shown(&meant)
            ));
        }
    }
    exchange.enter_route(Arc::clone(&method), places);
    Decision::Continue(Reason::Method(method))
}

/// Returns the path as a lenient backend may read it: unreserved octets decoded, dot segments resolved and empty segments
/// left out (RFC 3986 sections 6.2.2.2 and 6.2.2.3). None where that changes nothing.
fn canonical_path(path: &[u8]) -> Option<Vec<u8>> {
    let suspicious = path.contains(&b'%')
        || path.contains(&b'\\')
        || memchr::memmem::find(path, b"//").is_some()
        || memchr::memmem::find(path, b"/.").is_some();
    if !suspicious {
        return None;
    }
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path;
    while let [first, after @ ..] = rest {
        rest = after;
        let octet = match (first, after) {
            (b'%', [high, low, after @ ..]) => octet(*high, *low)
                .filter(|octet| octet.is_ascii_alphanumeric() || b"-._~\\".contains(octet))
                .inspect(|_| rest = after)
                .unwrap_or(b'%'),
            _ => *first,
        };
        decoded.push(if octet == b'\\' { b'/' } else { octet });
    }
    let mut segments: Vec<&[u8]> = Vec::new();
    for segment in decoded.split(|octet| *octet == b'/') {
        match segment {
            b"" | b"." => {}
            b".." => {
                segments.pop();
            }
            other => segments.push(other),
        }
    }
    let mut canonical = Vec::with_capacity(decoded.len());
    for segment in segments {
        canonical.push(b'/');
        canonical.extend_from_slice(segment);
    }
    if canonical.is_empty() {
        canonical.push(b'/');
    }
    (canonical != path).then_some(canonical)
}

fn octet(high: u8, low: u8) -> Option<u8> {
    let digit = |symbol: u8| char::from(symbol).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever a stranger sends: what comes out is canonical, and no longer than what went in.
    #[test]
    fn normalising_twice_changes_nothing_more() {
        const SYMBOLS: &[u8] = b"/././%%2e2E5cC61aA\\;~x\xff\0";
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state >> 33).unwrap() % below
        };
        for _ in 0..20_000 {
            let mut path = vec![b'/'];
            for _ in 0..next(24) {
                path.push(SYMBOLS[next(SYMBOLS.len())]);
            }
            let Some(once) = canonical_path(&path) else {
                continue;
            };
            assert!(once.len() <= path.len() && once.starts_with(b"/"), "{path:?}");
            // A sequence such as `%2%65` may become an encoded octet by the first pass, as with a backend that decodes twice.
            let again = canonical_path(&once).unwrap_or_else(|| once.clone());
            assert!(again.len() <= once.len(), "{path:?}");
            let climbs = once.split(|octet| *octet == b'/').any(|segment| segment == b"..");
            assert!(!climbs, "{path:?}");
        }
    }

    #[test]
    fn paths_are_normalised_as_a_lenient_backend_would() {
        for (path, meant) in [
            ("/%61dmin", "/admin"),
            ("/a//b", "/a/b"),
            ("/a/./b/../c", "/a/c"),
            ("/a/%2e%2E/b", "/b"),
            ("/../..", "/"),
            ("/a%5Cb", "/a/b"),
            ("/a\\..\\b", "/b"),
            ("/a/b//", "/a/b"),
        ] {
            let found = canonical_path(path.as_bytes());
            assert_eq!(found.as_deref(), Some(meant.as_bytes()), "{path}");
        }
        for path in [
            "/a/b",
            "/a/b/",
            "/",
            "/a%2Fb",
            "/a%20b",
            "/.well-known",
            "/a%zz",
            "/a%",
        ] {
            assert_eq!(canonical_path(path.as_bytes()), None, "{path}");
        }
    }
}
