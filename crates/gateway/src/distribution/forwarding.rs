//! What of a viewer's request reaches the origin, and the key of its answer. Where an answer may be kept, only what is in
//! the key or the same for everybody is forwarded: nothing that a viewer sends can change an answer for another.
//!
//! <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/RequestAndResponseBehaviorCustomOrigin.html>. AWS
//! forwards fields of other names too, without their being in the key; ours do not go, unless listed.

use bytes::{Bytes, BytesMut};
use portcullis_model::{HeaderList, resources::cloudfront::CookiePreference};

use super::{
    cache::{CacheKey, cookie_fits},
    snapshot::{Behavior, DistributionSnapshot, ForwardedHeaders},
};
use crate::{http::Request, integrations::forwarded::forwarded_for, request_id};

/// A request to an origin, but for its body and what [`add_fixed`] adds.
pub(crate) struct Forwarded {
    /// None where the answer may not be kept.
    pub(crate) key: Option<CacheKey>,
    /// Without the origin's own path; with the query that is forwarded.
    pub(crate) path_and_query: Bytes,
    pub(crate) headers: HeaderList,
}

/// Fields that no viewer's value is ever forwarded of: the connection's own (RFC 9110 section 7.6.1), the way's, and what
/// only a distribution says of a viewer.
pub(crate) fn is_never_forwarded(name: &[u8]) -> bool {
    let never: &[&[u8]] = &[
        b"host",
        b"connection",
        b"keep-alive",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"content-length",
        b"upgrade",
        b"expect",
        b"proxy-connection",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"max-forwards",
        b"via",
        b"forwarded",
        b"x-forwarded-for",
        b"x-forwarded-proto",
        b"x-forwarded-port",
        b"x-forwarded-host",
        b"x-real-ip",
        b"range",
        b"if-range",
    ];
    let starts = |prefix: &[u8]| {
        name.get(..prefix.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    never.iter().any(|known| known.eq_ignore_ascii_case(name))
        || starts(b"x-amz-cf-")
        || starts(b"x-edge-")
        || starts(b"cloudfront-")
        || name.first() == Some(&b':')
}

/// Decides what of `request` is forwarded. `path` is the viewer's, percent-encoding untouched.
pub(crate) fn forward(
    distribution: &DistributionSnapshot,
    behavior: &Behavior,
    request: &Request,
    path: &[u8],
) -> Forwarded {
    let is_kept = behavior.caches(&request.method) && !request.is_handshake();
    let query = request.query().filter(|_| behavior.query);
    let path_and_query = match query {
        Some(query) => Bytes::from([path, b"?", query].concat()),
        None => Bytes::copy_from_slice(path),
    };
    let mut headers = HeaderList::with_capacity(12);
    match &behavior.headers {
        ForwardedHeaders::These(names) if is_kept => {
            for name in names {
                for value in request.headers.all(name) {
                    headers.push(name.as_bytes(), value);
                }
            }
            // Two classes of viewers, so that each gets what it can read.
            if headers.get("accept-encoding").is_none() && accepts_gzip(request) {
                headers.push("accept-encoding", "gzip");
            }
        }
        _ => {
            let named = named_by_connection(request);
            let passes = |name: &[u8]| {
                !is_never_forwarded(name)
                    && !name.eq_ignore_ascii_case(b"cookie")
                    && !named.iter().any(|hop| hop.eq_ignore_ascii_case(name))
            };
            headers = request.headers.filtered(6, passes);
        }
    }
    if let Some(cookies) = cookies(behavior, request) {
        headers.push("cookie", cookies);
    }
    let key = is_kept.then(|| key(distribution, &request.method, path, query, &headers));
    Forwarded {
        key,
        path_and_query,
        headers,
    }
}

/// What every request to an origin carries, whatever the viewer sent; custom headers stand above all. Only who asks an origin
/// pays for it.
pub(crate) fn add_fixed(
    headers: &mut HeaderList,
    distribution: &DistributionSnapshot,
    behavior: &Behavior,
    request: &Request,
    request_id: u128,
) {
    let lists_agent = match &behavior.headers {
        ForwardedHeaders::These(names) => names.iter().any(|name| **name == *"user-agent"),
        ForwardedHeaders::All => true,
    };
    if !lists_agent {
        headers.set("user-agent", "Amazon CloudFront");
    }
    headers.push("x-forwarded-for", forwarded_for(request));
    headers.push("via", &distribution.via);
    headers.push("x-amz-cf-id", request_id::header_values(request_id).0);
    for (name, _) in &behavior.origin.headers {
        headers.remove(name);
    }
    for (name, value) in &behavior.origin.headers {
        headers.push(name, value);
    }
}

/// The key of an answer: method, path, query and the fields that are forwarded, in their order. Parts carry their length,
/// so that no part can be taken for two.
fn key(
    distribution: &DistributionSnapshot,
    method: &[u8],
    path: &[u8],
    query: Option<&[u8]>,
    headers: &HeaderList,
) -> CacheKey {
    let mut key = Vec::with_capacity(path.len() + 64);
    let mut part = |tag: u8, bytes: &[u8]| {
        key.push(tag);
        key.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
        key.extend_from_slice(bytes);
    };
    part(b'd', distribution.id.as_bytes());
    part(b'm', method);
    part(b'p', path);
    if let Some(query) = query {
        part(b'q', query);
    }
    for (name, value) in headers.iter() {
        part(b'n', name);
        part(b'v', value);
    }
    CacheKey(key.into())
}

/// Returns the cookies that are forwarded, in one field.
fn cookies(behavior: &Behavior, request: &Request) -> Option<Bytes> {
    let mut forwarded = BytesMut::new();
    for field in request.headers.all("cookie") {
        for pair in field.split(|byte| *byte == b';').map(<[u8]>::trim_ascii) {
            let name = pair.split(|byte| *byte == b'=').next().unwrap_or_default();
            let is_wanted = match &behavior.cookies {
                CookiePreference::None => return None,
                CookiePreference::All => true,
                CookiePreference::Whitelist(names) => names.iter().any(|wanted| cookie_fits(wanted, name)),
            };
            if is_wanted && !pair.is_empty() {
                if !forwarded.is_empty() {
                    forwarded.extend_from_slice(b"; ");
                }
                forwarded.extend_from_slice(pair);
            }
        }
    }
    (!forwarded.is_empty()).then(|| forwarded.freeze())
}

fn accepts_gzip(request: &Request) -> bool {
    request.headers.all("accept-encoding").any(|value| {
        let text = String::from_utf8_lossy(value).to_ascii_lowercase();
        text.split(',').any(|coding| {
            let (name, weight) = coding.split_once(';').unwrap_or((coding, ""));
            name.trim() == "gzip" && !matches!(weight.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000")
        })
    })
}

/// Fields that a `Connection` field names go no further than it does.
fn named_by_connection(request: &Request) -> Vec<&[u8]> {
    request
        .headers
        .all("connection")
        .flat_map(|value| value.split(|byte| *byte == b','))
        .map(<[u8]>::trim_ascii)
        .collect()
}
