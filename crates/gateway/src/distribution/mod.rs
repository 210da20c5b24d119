//! Distributions: what stands in front of an API or a server of others. In the order of a viewer's request:
//!
//! 1. the distribution, and the behavior whose path pattern fits
//! 2. the viewer's scheme, then the method
//! 3. the web ACL: before the cache, so that it judges what is kept too
//! 4. the cache
//! 5. the origin: an API's stage through all its layers, or a server over the network
//!
//! One trail tells all of it. <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HowCloudFrontWorks.html>

pub mod cache;
pub mod snapshot;
mod firewall;
pub(crate) mod forwarding;
mod freshness;
mod keeping;
mod origin;
mod pages;
mod path_pattern;

pub(crate) use origin::OWN_ADDRESS;

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use portcullis_model::{Timestamp, resources::cloudfront::ViewerProtocolPolicy, trail::Outcome};

use crate::{
    arrival::Arrival,
    decision::{LayerName, Reason, shown},
    gateway::Worker,
    http::{Body, Listener, Request, Response, path::canonical_path},
    pipeline::Journal,
    request_id,
    snapshot::TakenSnapshot,
    trail::Record,
};

use cache::{CacheKey, KeptAnswer, Lead};
use firewall::Refused;
use forwarding::Forwarded;
use freshness::Keep;
use keeping::Ticket;
use pages::Page;
use snapshot::{Behavior, DistributionSnapshot};

/// A viewer's request on its way.
pub(crate) struct Visit {
    pub(crate) request: Box<Request>,
    pub(crate) snapshot: TakenSnapshot,
    /// The first label of the host, or the id in the path form.
    pub(crate) label: Box<str>,
    /// Where the viewer's own path starts in the target.
    pub(crate) path_start: usize,
    pub(crate) arrival: Arrival,
}

impl Visit {
    /// Returns the viewer's path, percent-encoding untouched.
    fn path(&self) -> &[u8] {
        match self.request.path().get(self.path_start..).unwrap_or_default() {
            b"" => b"/",
            path => path,
        }
    }
}

/// Answers a viewer and records the trail.
pub(crate) async fn run(mut visit: Visit, worker: &Worker) -> Response {
    let arrival = visit.arrival;
    let mut journal = Journal::start(arrival.started_at);
    let (id, _) = request_id::header_values(arrival.id);
    let distribution = visit.snapshot.distribution(&visit.label).map(Arc::clone);
    let answered = match &distribution {
        Some(distribution) => answer(&mut visit, distribution, worker, &mut journal).await,
        None => {
            let reason = format!("there is no distribution `{}`", shown(&visit.label));
            journal.note(LayerName::Distribution, Outcome::Refuse, reason.into());
            Err(Page::NotServed)
        }
    };
    let (mut response, x_cache) = answered.unwrap_or_else(|page| (page.render(&id), "Error from cloudfront"));
    response.headers.push("X-Cache", x_cache);
    if let Some(distribution) = &distribution {
        response.headers.push("Via", &distribution.via);
    }
    response.headers.push("X-Amz-Cf-Id", id);
    response.headers.push("x-amzn-RequestId", id);
    let (request, status) = (visit.request, response.status);
    let now = Instant::now();
    let record = Record::of(
        request,
        arrival,
        journal.into_steps(),
        status,
        arrival.elapsed_ns(now),
    );
    worker.trails().record_compact(record, now);
    response
}

/// An answer, and what its `X-Cache` says.
type Answered = Result<(Response, &'static str), Page>;

async fn answer(
    visit: &mut Visit,
    distribution: &DistributionSnapshot,
    worker: &Worker,
    journal: &mut Journal,
) -> Answered {
    let (behavior, path) = match enter(visit, distribution) {
        Ok(entered) => entered,
        Err((page, reason)) => {
            journal.note(LayerName::Distribution, Outcome::Refuse, reason);
            return Err(page);
        }
    };
    if let Some(redirect) = check_protocol(visit, behavior, worker, journal)? {
        return Ok((redirect, "Redirect from cloudfront"));
    }
    if let Err((page, reason)) = check_method(visit, behavior) {
        journal.note(LayerName::Distribution, Outcome::Refuse, reason);
        return Err(page);
    }
    journal.note(
        LayerName::Distribution,
        Outcome::Continue,
        (&behavior.reason).into(),
    );
    match firewall::judge(visit, distribution, worker, journal).await {
        Ok(()) => {}
        Err(Refused::Own(response)) => return Ok((*response, "Error from cloudfront")),
        Err(Refused::Page(page)) => return Err(page),
    }
    let forwarded = forwarding::forward(distribution, behavior, &visit.request, &path);
    let Some(key) = forwarded.key.clone() else {
        journal.note(
            LayerName::Cache,
            Outcome::Continue,
            "answers to this request are not kept".into(),
        );
        let response = ask(visit, (distribution, behavior), forwarded, worker, journal).await?;
        let x_cache = said_of(response.status, "Miss from cloudfront");
        return Ok((response, x_cache));
    };
    let now = worker.clock().now();
    if let Some(kept) = worker.distribution_cache().find(&key, now) {
        let reason = format!("kept {} s ago", kept.age_seconds(now));
        journal.note(LayerName::Cache, Outcome::Answer, reason.into());
        return Ok(hit(&kept, visit, now));
    }
    let flight = match worker.distribution_cache().lead(&key) {
        Lead::Own(flight) => Some(flight),
        // With a maximum of nothing there is nothing to wait for.
        Lead::Others(_) if behavior.ttls.max == 0 => None,
        Lead::Others(wait) => {
            wait.at_most(behavior.origin.timeouts.answer).await;
            let now = worker.clock().now();
            if let Some(kept) = worker.distribution_cache().find(&key, now) {
                let reason = "asked for by another viewer at the same time";
                journal.note(LayerName::Cache, Outcome::Answer, reason.into());
                return Ok(hit(&kept, visit, now));
            }
            None
        }
    };
    journal.note(LayerName::Cache, Outcome::Continue, "nothing kept".into());
    let fetched = fetch(visit, (distribution, behavior), forwarded, key, worker, journal).await;
    drop(flight);
    fetched
}

/// Finds the behavior, and the path that it is for.
fn enter<'d>(
    visit: &Visit,
    distribution: &'d DistributionSnapshot,
) -> Result<(&'d Behavior, Bytes), (Page, Reason)> {
    if !distribution.enabled {
        let reason = format!("distribution `{}` is disabled", distribution.id);
        return Err((Page::NotServed, reason.into()));
    }
    let request = &visit.request;
    if request
        .headers
        .all("via")
        .any(|via| is_within(via, &distribution.via))
    {
        return Err((
            Page::BadRequest,
            "the request came from this very distribution".into(),
        ));
    }
    let path = match (visit.path(), &*distribution.default_root_object) {
        (b"/", object) if !object.is_empty() => Bytes::from([b"/", object.as_bytes()].concat()),
        (path, _) => Bytes::copy_from_slice(path),
    };
    if path_pattern::has_dot_segments(&path) {
        let reason =
            "the path has dot segments, which viewer, behavior and origin may understand differently";
        return Err((Page::BadRequest, reason.into()));
    }
    let Some(behavior) = distribution.behavior(&path_pattern::comparable(&path)) else {
        return Err((Page::NotServed, "no behavior fits".into()));
    };
    // An origin may merge slashes or take `\\` for one: no spelling leads around the behavior that guards a path.
    if let Some(meant) = canonical_path(&path)
        && !distribution
            .behavior(&meant)
            .is_some_and(|other| std::ptr::eq(other, behavior))
    {
        let reason = "the path, once normalised, is for another behavior";
        return Err((Page::BadRequest, reason.into()));
    }
    Ok((behavior, path))
}

fn is_within(text: &[u8], part: &[u8]) -> bool {
    !part.is_empty() && memchr::memmem::find(text, part).is_some()
}

/// The viewer's scheme: as it is, refused, or sent to https.
fn check_protocol(
    visit: &Visit,
    behavior: &Behavior,
    worker: &Worker,
    journal: &mut Journal,
) -> Result<Option<Response>, Page> {
    if visit.request.peer.tls.is_some() {
        return Ok(None);
    }
    match behavior.protocol {
        ViewerProtocolPolicy::AllowAll => Ok(None),
        ViewerProtocolPolicy::HttpsOnly => {
            let reason = "the viewer came in clear text; the behavior wants https";
            journal.note(LayerName::Distribution, Outcome::Refuse, reason.into());
            Err(Page::HttpsOnly)
        }
        ViewerProtocolPolicy::RedirectToHttps => {
            let reason = "clear text is redirected to https";
            journal.note(LayerName::Distribution, Outcome::Answer, reason.into());
            let is_read = matches!(visit.request.method.as_ref(), b"GET" | b"HEAD");
            let location = location(&visit.request, worker.https_port());
            Ok(Some(pages::redirect(if is_read { 301 } else { 307 }, location)))
        }
    }
}

/// The same target on https. Who came to our port for clear text finds https on another; who came through the proxy finds
/// it where the host name says.
fn location(request: &Request, https_port: u16) -> Bytes {
    let authority = &*request.authority;
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    let mut location = format!("https://{host}").into_bytes();
    if request.peer.listener != Listener::Proxy && !matches!(https_port, 0 | 443) {
        location.extend_from_slice(format!(":{https_port}").as_bytes());
    }
    location.extend_from_slice(&request.target);
    location.into()
}

fn check_method(visit: &Visit, behavior: &Behavior) -> Result<(), (Page, Reason)> {
    let request = &visit.request;
    if !behavior.allows(&request.method) {
        let method = shown(&String::from_utf8_lossy(&request.method));
        let reason = format!("the behavior does not allow the method `{method}`");
        return Err((Page::MethodNotAllowed, reason.into()));
    }
    // What two servers could read as a request of its own, and no part of the key; AWS refuses it for `GET` too.
    let is_read = matches!(request.method.as_ref(), b"GET" | b"HEAD") || behavior.caches(&request.method);
    if is_read && origin::has_body(&request.body) {
        return Err((Page::BodyNotAllowed, "a request to read has a body".into()));
    }
    Ok(())
}

/// Asks the origin, and keeps its answer if it may be kept.
async fn fetch(
    visit: &mut Visit,
    (distribution, behavior): (&DistributionSnapshot, &Behavior),
    forwarded: Forwarded,
    key: CacheKey,
    worker: &Worker,
    journal: &mut Journal,
) -> Answered {
    let since = worker.distribution_cache().invalidations(&distribution.id);
    let path_and_query: Box<[u8]> = forwarded.path_and_query.as_ref().into();
    let (id, _) = request_id::header_values(visit.arrival.id);
    let asked = ask(visit, (distribution, behavior), forwarded, worker, journal).await;
    // An origin that cannot be reached is an error like another, and is kept like one.
    let page = asked.as_ref().err().copied();
    let mut response = asked.unwrap_or_else(|page| page.render(&id));
    let now = worker.clock().now();
    let error_seconds = distribution.error_seconds(response.status);
    let kept = match freshness::keep(
        behavior.ttls,
        error_seconds,
        response.status,
        &response.headers,
        now,
    ) {
        Keep::No(reason) => Err(reason),
        Keep::For(seconds) => {
            let ticket = Ticket {
                cache: Arc::clone(worker.distribution_cache()),
                key,
                distribution: Arc::clone(&distribution.id),
                path_and_query,
                page,
                since,
                now,
                seconds,
            };
            keeping::keep(&mut response, ticket).map(|()| seconds)
        }
    };
    let reason = match kept {
        Ok(seconds) => format!("kept for {seconds} s"),
        Err(reason) => format!("not kept: {reason}"),
    };
    journal.note(LayerName::Cache, Outcome::Continue, reason.into());
    let x_cache = said_of(response.status, "Miss from cloudfront");
    Ok((response, x_cache))
}

async fn ask(
    visit: &mut Visit,
    (distribution, behavior): (&DistributionSnapshot, &Behavior),
    forwarded: Forwarded,
    worker: &Worker,
    journal: &mut Journal,
) -> Result<Response, Page> {
    let Forwarded {
        path_and_query,
        mut headers,
        ..
    } = forwarded;
    forwarding::add_fixed(
        &mut headers,
        distribution,
        behavior,
        &visit.request,
        visit.arrival.id,
    );
    origin::ask(visit, behavior, &path_and_query, headers, worker, journal).await
}

const fn said_of(status: u16, otherwise: &'static str) -> &'static str {
    if status >= 400 {
        "Error from cloudfront"
    } else {
        otherwise
    }
}

/// Makes an answer of what is kept.
fn hit(kept: &KeptAnswer, visit: &Visit, now: Timestamp) -> (Response, &'static str) {
    let x_cache = said_of(kept.status, "Hit from cloudfront");
    if let Some(page) = kept.page {
        let (id, _) = request_id::header_values(visit.arrival.id);
        let mut response = page.render(&id);
        response.headers.push("Age", kept.age_seconds(now).to_string());
        return (response, x_cache);
    }
    let is_unchanged = is_unchanged(kept, &visit.request);
    let mut response = Response {
        status: if is_unchanged { 304 } else { kept.status },
        headers: kept
            .headers
            .filtered(6, |name| !name.eq_ignore_ascii_case(b"age")),
        body: if is_unchanged || kept.body.is_empty() {
            Body::Empty
        } else {
            Body::Full(kept.body.clone())
        },
    };
    response.headers.push("Age", kept.age_seconds(now).to_string());
    (response, x_cache)
}

/// Tells whether the viewer has what is kept already: `If-None-Match`, compared weakly (RFC 9110 section 13.1.2).
fn is_unchanged(kept: &KeptAnswer, request: &Request) -> bool {
    let weak = |tag: &[u8]| tag.strip_prefix(b"W/").unwrap_or(tag).to_vec();
    let Some(own) = kept.headers.get("etag").filter(|_| kept.status == 200) else {
        return false;
    };
    let own = weak(own);
    request.headers.all("if-none-match").any(|value| {
        value
            .split(|byte| *byte == b',')
            .map(<[u8]>::trim_ascii)
            .any(|tag| tag == b"*" || weak(tag) == own)
    })
}
