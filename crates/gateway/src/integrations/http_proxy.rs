//! `HTTP_PROXY`: method, query, headers and body go to a backend, and its answer comes back; bodies stream both ways.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/setup-http-integrations.html>

use std::{
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use portcullis_egress::{AnswerBody, Client, EgressError, OutgoingBody, Target, Timeouts, Upgraded};
use portcullis_model::{
    HeaderList, Problem, Renamed,
    resources::apigateway::{Integration as IntegrationModel, ResponseTransferMode},
};

use super::{
    Answer, forwarded,
    header_policy::{Fate, fate_in_response, is_dropped_from_request, remapped_name},
    vpc_link::Link,
};
use crate::{
    backend_tls::Special,
    decision::Reason,
    exchange::{BODY_BYTES_MAX, Exchange},
    gateway::Worker,
    http::{
        Body, BodyError, Request, Response,
        body::ChunkSource,
        websocket::{TUNNELS, Tunnel},
    },
    mapping::uri::UriTemplate,
    pipeline::body_refusal,
    refusal::{Refusal, RefusalKind},
};

const TIMEOUT_MS_MIN: u32 = 50;
/// API Gateway's default quota is 29 s; regional APIs may ask for more, and so may ours.
const TIMEOUT_MS_MAX: u32 = 300_000;
/// How long a streamed answer may last, and how long nothing may come of it (AWS: 15 and 5 minutes).
const STREAM_TIME: Duration = Duration::from_secs(900);
const STREAM_IDLE_TIME: Duration = Duration::from_secs(300);

/// An HTTP backend, ready to call.
pub(crate) struct HttpProxy {
    target: Target,
    /// None calls the target itself.
    link: Option<Link>,
    /// None passes the caller's: `ANY`.
    method: Option<Bytes>,
    timeouts: Timeouts,
    /// Whether whoever issued the backend's certificate is trusted.
    trusts_any_issuer: bool,
    reason: Arc<str>,
}

/// A call of a backend, prepared.
pub(super) struct Call<'e> {
    pub(super) method: &'e Bytes,
    pub(super) path_and_query: Vec<u8>,
    pub(super) headers: HeaderList,
    pub(super) body: Outgoing,
    pub(super) client: Client,
}

impl Call<'_> {
    /// Sends it to `target`.
    #[inline]
    fn on<'c>(
        &'c mut self,
        target: &'c Target,
        timeouts: &'c Timeouts,
    ) -> impl Future<Output = Result<portcullis_egress::Answer, EgressError>> {
        let (client, headers) = (&self.client, &self.headers);
        client.send(
            target,
            self.method,
            &self.path_and_query,
            headers,
            &mut self.body,
            timeouts,
        )
    }
}

/// Returns how long a backend is waited for.
fn timeouts(integration: &IntegrationModel) -> Result<Timeouts, String> {
    match integration.response_transfer_mode {
        ResponseTransferMode::Buffered => check_timeout(integration.timeout_ms).map(Timeouts::within),
        ResponseTransferMode::Stream => {
            let longest = u32::try_from(STREAM_TIME.as_millis()).unwrap_or(u32::MAX);
            if !(TIMEOUT_MS_MIN..=longest).contains(&integration.timeout_ms) {
                return Err(format!(
                    "`{}` is not from {TIMEOUT_MS_MIN} to {longest}",
                    integration.timeout_ms
                ));
            }
            let beginning = Timeouts::within(Duration::from_millis(integration.timeout_ms.into()));
            Ok(Timeouts {
                total: Some(STREAM_TIME),
                idle: STREAM_IDLE_TIME,
                ..beginning
            })
        }
    }
}

/// Returns how long an integration is waited for; the error says which times there are.
pub(super) fn check_timeout(timeout_ms: u32) -> Result<Duration, String> {
    if (TIMEOUT_MS_MIN..=TIMEOUT_MS_MAX).contains(&timeout_ms) {
        return Ok(Duration::from_millis(timeout_ms.into()));
    }
    Err(format!(
        "`{timeout_ms}` is not from {TIMEOUT_MS_MIN} to {TIMEOUT_MS_MAX}"
    ))
}

impl HttpProxy {
    /// Compiles what `integration` says beside its URI.
    pub(crate) fn compile(
        integration: &IntegrationModel,
        uri: &UriTemplate,
        path: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let before = problems.len();
        let mut refuse = |field: &str, message: String| {
            problems.push(Problem::error(
                None,
                format!("{path}: integration/{field}"),
                message,
            ));
        };
        let method = integration.http_method.as_deref().unwrap_or_default();
        if !matches!(
            method,
            "ANY" | "GET" | "HEAD" | "POST" | "PUT" | "PATCH" | "DELETE" | "OPTIONS"
        ) {
            refuse(
                "httpMethod",
                format!("`{method}` is no method: use one of HTTP's or `ANY`"),
            );
        }
        let timeouts = timeouts(integration)
            .map_err(|message| refuse("timeoutInMillis", message))
            .ok();
        if problems.len() > before {
            return None;
        }
        let target = Target {
            https: uri.https,
            host: uri.host.trim_matches(['[', ']']).to_owned(),
            port: uri.port,
            address: None,
        };
        let link = Link::of(integration);
        let how = if link.is_some() { " through a VPC link" } else { "" };
        Some(Self {
            method: (method != "ANY").then(|| Bytes::copy_from_slice(method.as_bytes())),
            timeouts: timeouts?,
            trusts_any_issuer: integration
                .tls_config
                .is_some_and(|tls| tls.insecure_skip_verification),
            reason: format!("answered by `{target}`{how}").into(),
            target,
            link,
        })
    }

    /// Returns the backend as HTTP APIs call it: behind a link, servers hear which host the caller asked for.
    pub(crate) fn of_http_api(mut self) -> Self {
        if let Some(link) = &mut self.link {
            link.passes_host = true;
        }
        self
    }

    /// Prepares the call of the backend with what the mapping made.
    pub(super) fn prepare<'e>(
        &'e self,
        exchange: &'e Exchange,
        path_and_query: Vec<u8>,
        mapped: Vec<(Bytes, Vec<Bytes>)>,
        body: Body,
        worker: &Worker,
    ) -> Call<'e> {
        let client = self.client(exchange, worker);
        let body = Outgoing::new(body, worker.streamed_body_bytes_max());
        let request = exchange.request();
        let mut headers = request_headers(request, mapped);
        if self.link.as_ref().is_some_and(|link| link.passes_host) && headers.get("host").is_none() {
            headers.push("Host", &*request.authority);
        }
        Call {
            method: self.method(request),
            path_and_query,
            headers,
            body,
            client,
        }
    }

    /// Tells whether the caller asks for a WebSocket.
    pub(super) fn is_handshake(&self, request: &Request) -> bool {
        request.is_handshake() && **self.method(request) == *b"GET"
    }

    /// Calls the backend.
    pub(super) async fn call(
        &self,
        call: &mut Call<'_>,
        worker: &Worker,
    ) -> Result<(Answer, Reason), Refusal> {
        let answer = self.send(call, worker).await?;
        Ok((Answer::Proxied(response(answer)), self.reason()))
    }

    /// Returns the client that calls the backend for an exchange: the usual one, unless the stage presents a certificate to it
    /// or the backend's issuer is not asked for.
    pub(super) fn client(&self, exchange: &Exchange, worker: &Worker) -> Client {
        let is_linked = self.link.is_some();
        let stage = exchange.stage().filter(|_| self.target.https);
        let certificate = stage.and_then(|stage| stage.backend_certificate.as_deref());
        if certificate.is_some() || (self.trusts_any_issuer && self.target.https) {
            return worker.special_client(Special {
                certificate,
                any_issuer: self.trusts_any_issuer,
                is_linked,
            });
        }
        let usual = if is_linked {
            worker.link_client()
        } else {
            worker.client()
        };
        usual.clone()
    }

    /// Asks the backend for a WebSocket: a tunnel when it agrees, else what it answered.
    pub(super) async fn open(&self, call: Call<'_>, worker: &Worker) -> Result<(Answer, Reason), Refusal> {
        let (path_and_query, headers, client) = (&call.path_and_query, &call.headers, &call.client);
        let place = TUNNELS.place().ok_or_else(|| {
            Refusal::new(
                RefusalKind::Overloaded,
                "there are as many WebSockets as there may be",
            )
        })?;
        let asked = match &self.link {
            None => {
                client
                    .upgrade(&self.target, path_and_query, headers, &self.timeouts)
                    .await
            }
            Some(link) => {
                let ask = async |target: &Target, timeouts: &Timeouts| {
                    client.upgrade(target, path_and_query, headers, timeouts).await
                };
                link.reach(&self.target, &self.timeouts, worker, ask).await?
            }
        };
        match asked.map_err(|cause| self.refusal(&cause, None))? {
            Upgraded::Answered(answer) => Ok((Answer::Proxied(response(answer)), self.reason())),
            Upgraded::Tunnel(headers, backend) => {
                let response = Response {
                    status: 101,
                    headers: response_headers(headers),
                    body: Body::Tunnel(Box::new(Tunnel { backend, place })),
                };
                let reason = format!("a WebSocket to `{}`", self.target);
                Ok((Answer::Proxied(response), reason.into()))
            }
        }
    }

    /// Returns the method of the call.
    pub(super) fn method<'a>(&'a self, request: &'a Request) -> &'a Bytes {
        self.method.as_ref().unwrap_or(&request.method)
    }

    /// Sends a request and waits for the head of the answer.
    pub(super) async fn send(
        &self,
        call: &mut Call<'_>,
        worker: &Worker,
    ) -> Result<portcullis_egress::Answer, Refusal> {
        let sent = match &self.link {
            None => call.on(&self.target, &self.timeouts).await,
            Some(link) => {
                let send = async |target: &Target, timeouts: &Timeouts| call.on(target, timeouts).await;
                Box::pin(link.reach(&self.target, &self.timeouts, worker, send)).await?
            }
        };
        sent.map_err(|cause| self.refusal(&cause, call.body.failed.take().map(|cause| *cause)))
    }

    /// Returns what the trail says of a call.
    pub(super) fn reason(&self) -> Reason {
        (&self.reason).into()
    }

    /// Reads the rest of an answer, which must come whole.
    pub(super) async fn read(&self, body: AnswerBody) -> Result<Bytes, Refusal> {
        let whole = incoming(body).read_whole(BODY_BYTES_MAX).await;
        whole.map_err(|cause| {
            let kind = match cause {
                BodyError::TimedOut => RefusalKind::IntegrationTimeout,
                BodyError::NoRoom => RefusalKind::Overloaded,
                BodyError::TooLarge { .. } | BodyError::Miscoded(_) | BodyError::Broken(_) => {
                    RefusalKind::IntegrationFailure
                }
            };
            Refusal::new(kind, format!("the answer of `{}`: {cause}", self.target))
        })
    }

    fn refusal(&self, cause: &EgressError, body: Option<BodyError>) -> Refusal {
        if let Some(cause) = body {
            return body_refusal(&cause);
        }
        let kind = match cause {
            EgressError::TimedOut(_) => RefusalKind::IntegrationTimeout,
            _ => RefusalKind::IntegrationFailure,
        };
        Refusal::new(kind, format!("`{}`: {cause}", self.target))
    }
}

/// The caller's fields that pass, the mapped ones in place of their namesakes, and the way the request came.
fn request_headers(request: &Request, mapped: Vec<(Bytes, Vec<Bytes>)>) -> HeaderList {
    let mut headers = request.headers.filtered(4, |name| {
        let is_replaced = || mapped.iter().any(|(known, _)| known.eq_ignore_ascii_case(name));
        !is_dropped_from_request(name) && !is_replaced()
    });
    for (name, values) in mapped {
        for value in values {
            headers.push(&name, value);
        }
    }
    forwarded::push_all(&mut headers, request);
    headers
}

fn response(answer: portcullis_egress::Answer) -> Response {
    let portcullis_egress::Answer {
        status,
        headers,
        body,
    } = answer;
    Response {
        status,
        headers: response_headers(headers),
        body: incoming(body),
    }
}

fn response_headers(mut headers: HeaderList) -> HeaderList {
    headers.rename(|name| match fate_in_response(name) {
        Fate::Pass => Renamed::Kept,
        Fate::Remap => Renamed::To(remapped_name(name)),
        Fate::Drop => Renamed::LeftOut,
    });
    headers
}

/// Turns what a server sends into a body of ours, unbuffered.
pub(crate) fn incoming(mut body: AnswerBody) -> Body {
    match body.take_whole() {
        Some(whole) if whole.is_empty() => Body::Empty,
        Some(whole) => Body::Full(whole),
        None => Body::Stream(Box::new(Incoming(body))),
    }
}

/// The caller's body on its way to the backend, within the limit of what may stream.
pub(crate) struct Outgoing {
    body: Body,
    bytes_max: usize,
    sent_bytes: usize,
    failed: Option<Box<BodyError>>,
}

impl Outgoing {
    pub(crate) const fn new(body: Body, bytes_max: usize) -> Self {
        Self {
            body,
            bytes_max,
            sent_bytes: 0,
            failed: None,
        }
    }

    /// Returns why the caller's body did not come whole, if it did not.
    pub(crate) fn failure(&self) -> Option<&BodyError> {
        self.failed.as_deref()
    }
}

impl OutgoingBody for Outgoing {
    fn length(&self) -> Option<u64> {
        self.body.length()
    }

    fn whole(&self) -> Option<&Bytes> {
        match &self.body {
            Body::Full(bytes) => Some(bytes),
            _ => None,
        }
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, String>>> {
        let next = match self.body.poll_next(context) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(next) => next,
        };
        let next = next.map(|chunk| {
            let chunk = chunk?;
            self.sent_bytes = self.sent_bytes.saturating_add(chunk.len());
            if self.sent_bytes > self.bytes_max {
                return Err(BodyError::TooLarge {
                    limit_bytes: self.bytes_max,
                });
            }
            Ok(chunk)
        });
        Poll::Ready(next.map(|chunk| {
            chunk.map_err(|cause| {
                let text = cause.to_string();
                self.failed = Some(Box::new(cause));
                text
            })
        }))
    }
}

/// The backend's body on its way to the caller.
struct Incoming(AnswerBody);

impl ChunkSource for Incoming {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        self.0
            .poll_next(context)
            .map(|next| next.map(|chunk| chunk.map_err(|cause| BodyError::Broken(cause.to_string()))))
    }

    fn length(&self) -> Option<u64> {
        self.0.length()
    }

    fn passing(&mut self) -> Option<&mut AnswerBody> {
        self.0.can_pass().then_some(&mut self.0)
    }
}
