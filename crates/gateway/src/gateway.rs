//! One worker's way from a request to a response: host, then the pipeline or a site.

use std::{
    cell::RefCell,
    future::Future,
    pin::Pin,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use portcullis_egress::ClientConfig;
use portcullis_model::{Clock, Entropy, HeaderList, RequestId, clock::tick_again, trail::Outcome};

use crate::{
    arrival::Arrival,
    callers::Callers,
    challenges::Challenges,
    decision::{LayerName, Reason},
    distribution::{self, Visit, cache::DistributionCache},
    edge::{
        self, Answer,
        strictness::{self, Rule},
    },
    exchange::Exchange,
    firewall::Firewall,
    hosts::{Destination, LastHost, NamedEndpoint},
    http::{Body, BodyError, Listener, Peer, Request, Response, Version},
    issuers::Issuers,
    pipeline::{self, Journal},
    ports::{Ports, SERVICE_BODY_BYTES_MAX, SITE_BODY_BYTES_MAX, Site, SiteRequest, SiteResponse},
    redirect::redirect,
    request_id::{self, RequestIds},
    revocations::Revocations,
    settings::GatewaySettings,
    snapshot::{LastSeen, Snapshot, Snapshots, TakenSnapshot},
    trail::{Record, TrailLog},
    usage::UsagePlans,
};

pub(crate) use crate::worker::Worker;

/// What all workers share. Cheap to clone.
#[derive(Clone)]
pub struct GatewayParts {
    pub snapshots: Arc<Snapshots>,
    pub revocations: Arc<Revocations>,
    pub usage: Arc<UsagePlans>,
    /// Whose signatures methods of the type `AWS_IAM` take.
    pub callers: Arc<Callers>,
    pub trails: Arc<TrailLog>,
    pub firewall: Arc<Firewall>,
    pub distribution_cache: Arc<DistributionCache>,
    /// What an ACME CA may ask in clear text.
    pub challenges: Arc<Challenges>,
    pub ports: Ports,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    pub settings: GatewaySettings,
    /// How integrations are called: trust, limits, and the policy for addresses written in templates. Each thread
    /// makes a client of its own from it.
    pub integrations: ClientConfig,
    /// How addresses are called that strangers have a say in: never with [`AddressPolicy::Any`].
    pub strangers: ClientConfig,
    /// The keys of issuers that are not ours.
    pub issuers: Arc<Issuers>,
}

/// Answers requests. One on each worker thread: it owns what the thread need not share.
pub struct Gateway {
    ids: RequestIds,
    snapshots: LastSeen,
    last_host: RefCell<Option<LastHost>>,
    worker: Worker,
}

/// What answers a request.
enum Way<'g> {
    Pipeline(Box<Exchange>),
    /// On the heap: what is awaited in place makes every request's state that much larger.
    Elsewhere(Pin<Box<dyn Future<Output = Response> + 'g>>),
    /// On the heap for the same reason.
    Ended(Box<Response>),
}

impl Way<'_> {
    fn ended(response: Response) -> Self {
        Self::Ended(Box::new(response))
    }
}

impl Gateway {
    /// Returns a gateway for the calling thread.
    pub fn new(parts: GatewayParts) -> Self {
        Self {
            ids: RequestIds::seeded(parts.entropy.as_ref()),
            snapshots: parts.snapshots.last_seen(),
            last_host: RefCell::new(None),
            worker: Worker::new(parts),
        }
    }

    pub(crate) const fn worker(&self) -> &Worker {
        &self.worker
    }

    /// Returns the current snapshot.
    pub(crate) fn snapshot(&self) -> TakenSnapshot {
        self.snapshots.take()
    }

    pub(crate) fn arrival(&self) -> Arrival {
        let started_at = Instant::now();
        tick_again(started_at);
        Arrival {
            id: self.ids.next_uuid(),
            started: self.worker.parts().clock.at(started_at),
            started_at,
        }
    }

    /// Answers a request and records its trail. What needs no waiting is done at once, so that the state of what is waited for
    /// holds nothing of it.
    pub fn handle(&self, request: impl Into<Box<Request>>) -> impl Future<Output = Response> {
        let way = self.way(request.into());
        async move {
            match way {
                Way::Pipeline(exchange) => pipeline::run(exchange, &self.worker).await,
                Way::Elsewhere(answering) => answering.await,
                Way::Ended(response) => *response,
            }
        }
    }

    /// Finds the way of a request.
    fn way(&self, mut request: Box<Request>) -> Way<'_> {
        let parts = self.worker.parts();
        if let Some(proxies) = &parts.settings.trusted_proxies {
            proxies.resolve(&mut request);
        }
        let arrival = self.arrival();
        if let Some(response) = parts.challenges.answer(&request) {
            let reason = "a challenge of an ACME CA that is open";
            return Way::ended(self.end(arrival, request, response, Outcome::Answer, reason));
        }
        let snapshot = self.snapshots.take();
        let destination = self.destination(&snapshot, &request);
        if destination != Destination::Foreign
            && request.peer.listener == Listener::PublicHttp
            && request.peer.tls.is_none()
            && let Some(port) = parts.settings.redirect_clear_text_to
        {
            let response = redirect(&request, port);
            let reason = "clear text is redirected to https";
            return Way::ended(self.end(arrival, request, response, Outcome::Answer, reason));
        }
        let refuse = |request, status, text, reason: &'static str| {
            Way::ended(self.end(arrival, request, message(status, text), Outcome::Refuse, reason))
        };
        match destination {
            Destination::Api {
                api_id,
                endpoint,
                path_start,
            } => {
                let exchange = arrival.exchange(request, snapshot, api_id, path_start);
                Way::Pipeline(exchange.through(endpoint))
            }
            Destination::Domain(domain) => match domain.check_connection(&request.peer) {
                Ok(()) => {
                    let exchange = arrival.exchange(request, snapshot, Rc::default(), 0);
                    Way::Pipeline(exchange.on_domain(domain))
                }
                Err(reason) => {
                    let response = message(421, "Misdirected Request");
                    Way::ended(self.end(arrival, request, response, Outcome::Refuse, reason))
                }
            },
            Destination::Distribution { label, path_start } => {
                let visit = Visit {
                    request,
                    snapshot,
                    label,
                    path_start,
                    arrival,
                };
                Way::Elsewhere(Box::pin(distribution::run(visit, &self.worker)))
            }
            Destination::Site {
                site: Site::Service, ..
            } if request.peer.listener != Listener::Proxy => {
                let reason = "a service's own host is served through the forward proxy alone";
                refuse(request, 421, "Misdirected Request", reason)
            }
            Destination::Site { site, path_start } => {
                Way::Elsewhere(Box::pin(self.visit(arrival, request, site, path_start)))
            }
            Destination::Nothing | Destination::VpcEndpoint(_) => {
                refuse(request, 404, "Not Found", "nothing is served at this path")
            }
            Destination::Foreign => {
                refuse(request, 421, "Misdirected Request", "the host is not one of ours")
            }
        }
    }

    /// Finds whom a request is for.
    fn destination(&self, snapshot: &Snapshot, request: &Request) -> Destination {
        let path = request.path();
        let is_operation =
            *request.method == *b"POST" && path == b"/" && request.headers.get("x-amz-target").is_some();
        let mut last = self.last_host.borrow_mut();
        let found = LastHost::find(
            &mut last,
            snapshot.hosts(),
            &request.authority,
            path,
            is_operation,
        );
        match found {
            Destination::VpcEndpoint(id) => Destination::Api {
                api_id: named_api(request),
                endpoint: Some(NamedEndpoint { id, is_alias: false }),
                path_start: 0,
            },
            other => other,
        }
    }

    /// Lets a site answer.
    async fn visit(
        &self,
        arrival: Arrival,
        mut request: Box<Request>,
        site: Site,
        path_start: usize,
    ) -> Response {
        let limit_bytes = match site {
            Site::Service => SERVICE_BODY_BYTES_MAX,
            _ => SITE_BODY_BYTES_MAX,
        };
        let body = match request.body.read_whole(limit_bytes).await {
            Ok(body) => body,
            Err(cause) => {
                let response = unread(&cause);
                return self.end(arrival, request, response, Outcome::Refuse, cause.to_string());
            }
        };
        let path = request.path().get(path_start..).unwrap_or_default();
        let path = if path.is_empty() { b"/" } else { path };
        let Ok(path) = std::str::from_utf8(path).map(str::to_owned) else {
            let response = message(400, "Bad Request");
            return self.end(
                arrival,
                request,
                response,
                Outcome::Refuse,
                "the path is not UTF-8",
            );
        };
        let query = request
            .query()
            .map(|query| String::from_utf8_lossy(query).into_owned());
        let answer = self.worker.parts().ports.sites.answer(SiteRequest {
            site,
            request_id: RequestId::from(request_id::uuid_text(arrival.id)),
            method: request.method.clone(),
            path,
            query,
            authority: request.authority.to_string(),
            headers: std::mem::take(&mut request.headers),
            body,
            peer: request.peer.clone(),
        });
        let answer = answer.await;
        self.end_visit(arrival, request, answer)
    }

    /// Records what a site answered.
    fn end_visit(&self, arrival: Arrival, request: Box<Request>, answer: SiteResponse) -> Response {
        let mut headers = answer.headers;
        if headers.get("x-amzn-requestid").is_none() {
            headers.push("x-amzn-RequestId", request_id::header_values(arrival.id).0);
        }
        let mut journal = Journal::start(arrival.started_at);
        if answer.steps.is_empty() {
            journal.note(
                LayerName::Site,
                Outcome::Answer,
                Reason::Static("answered by a site of ours"),
            );
        }
        let now = Instant::now();
        let mut record = Record::of(
            request,
            arrival,
            journal.into_steps(),
            answer.status,
            arrival.elapsed_ns(now),
        );
        record.site_steps = answer.steps;
        self.worker.trails().record_compact(record, now);
        let body = if answer.body.is_empty() {
            Body::Empty
        } else {
            Body::Full(answer.body)
        };
        Response {
            status: answer.status,
            headers,
            body,
        }
    }

    /// Records what ended before any layer or site.
    fn end(
        &self,
        arrival: Arrival,
        request: Box<Request>,
        response: Response,
        outcome: Outcome,
        reason: impl Into<Reason>,
    ) -> Response {
        self.end_at(LayerName::Host, arrival, request, response, outcome, reason)
    }

    fn end_at(
        &self,
        layer: LayerName,
        arrival: Arrival,
        request: Box<Request>,
        mut response: Response,
        outcome: Outcome,
        reason: impl Into<Reason>,
    ) -> Response {
        response
            .headers
            .push("x-amzn-RequestId", request_id::header_values(arrival.id).0);
        let mut journal = Journal::start(arrival.started_at);
        journal.note(layer, outcome, reason.into());
        let now = Instant::now();
        let record = Record::of(
            request,
            arrival,
            journal.into_steps(),
            response.status,
            arrival.elapsed_ns(now),
        );
        self.worker.trails().record_compact(record, now);
        response
    }
}

/// Returns the API that the header says, behind a VPC endpoint's own name; two headers say none.
fn named_api(request: &Request) -> Rc<str> {
    let mut all = request.headers.all("x-apigw-api-id");
    match (all.next(), all.next()) {
        (Some(id), None) => String::from_utf8_lossy(id).into(),
        _ => Rc::default(),
    }
}

/// The answer to a request for a site whose body did not come whole.
fn unread(cause: &BodyError) -> Response {
    let (status, text) = match cause {
        BodyError::TooLarge { .. } => (413, "Request Too Long"),
        BodyError::NoRoom => (503, "Service Unavailable"),
        BodyError::TimedOut => (408, "Request Timeout"),
        BodyError::Miscoded(_) => (415, "Unsupported Media Type"),
        BodyError::Broken(_) => (400, "Bad Request"),
    };
    message(status, text)
}

impl Answer for Gateway {
    fn answer(&self, request: Box<Request>) -> impl Future<Output = Response> {
        self.handle(request)
    }

    fn overloaded(&self, request: Box<Request>, waits: Duration) -> Response {
        let reason = format!(
            "overloaded: things wait for {} ms on this thread",
            waits.as_millis()
        );
        self.end_at(
            LayerName::Edge,
            self.arrival(),
            request,
            edge::busy(),
            Outcome::Refuse,
            reason,
        )
    }

    /// Nothing of what came is understood, so nothing of it is recorded but whence it came.
    fn malformed(&self, peer: &Peer, rule: &'static Rule) -> Response {
        let request = Box::new(Request {
            method: Bytes::new(),
            target: Bytes::new().into(),
            authority: Arc::default(),
            version: Version::Http11,
            headers: HeaderList::new(),
            body: Body::Empty,
            peer: peer.clone(),
            proxy: None,
        });
        let response = strictness::response(rule);
        self.end_at(
            LayerName::Edge,
            self.arrival(),
            request,
            response,
            Outcome::Refuse,
            rule.reason,
        )
    }
}

fn message(status: u16, text: &str) -> Response {
    Response::full(status, "application/json", format!("{{\"message\":\"{text}\"}}"))
}
