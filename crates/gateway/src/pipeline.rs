//! THE list of layers, in the order of the request. It runs, times and records them; only it can make an [`Admitted`].
//!
//! Numbers are the design's:
//!
//! 1. **firewall**
//!    **cors**: the preflights of an HTTP API, before a route is looked for
//! 2. **route**
//!    **client certificate**: where the route takes clients of some authorities alone
//!    **VPC endpoint**: what the policy says of the endpoint that a request for a private API came through
//! 3. **resource policy**
//! 4. **authorizer**
//! 5. **usage plan**
//! 6. **validation**
//! 7. **mapping**
//!    **cache**: an answer of the stage's cache, behind every layer that may refuse
//! 8. **integration**
//! 9. **response**

mod journal;

use std::time::Instant;

use portcullis_model::trail::Outcome;

use crate::{
    access_log::Facts,
    decision::{Decision, LayerName, Nothing},
    exchange::{BodyNeed, Exchange},
    execution_log::{ExecutionLog, Logging},
    gateway::Worker,
    http::{BodyError, Response},
    integrations,
    layers::{
        authorizer::Authorizer,
        cache::{self, Cache},
        client_authority::ClientAuthority,
        cors::Preflight,
        custom_domain,
        endpoint_policy::EndpointPolicy,
        firewall::Firewall,
        mapping::Mapping,
        resource_policy::ResourcePolicy,
        route::{self, Route},
        usage_plan::UsagePlan,
        validation::Validation,
    },
    mapping::response,
    refusal::{Refusal, RefusalKind},
    responses::{self, compression},
    test_invoke::TestedCaller,
    trace_id,
};

pub(crate) use journal::{Journal, nanoseconds};

/// One step of the chain.
pub(crate) trait Layer {
    const NAME: LayerName;

    /// Returns how much of the body it must see, as declared at deployment by the stage or, behind the route, the method.
    fn body_need(_exchange: &Exchange, _worker: &Worker) -> BodyNeed {
        BodyNeed::None
    }

    /// Tells whether it has anything to decide here; where it has not, it leaves no step in the trail.
    fn applies(_exchange: &Exchange) -> bool {
        true
    }

    /// Returns why there is nothing to decide, where there is nothing: then it is not asked, and needs no body.
    fn idle(_exchange: &Exchange) -> Option<Nothing> {
        None
    }

    /// Decides.
    fn check(exchange: &mut Exchange, worker: &Worker) -> impl Future<Output = Decision>;
}

/// The layers that the `portcullis:observe` tag of a stage may name. The others have nothing to let on: without a route or
/// a mapped request there is no call to make.
pub(crate) const OBSERVABLE: &[LayerName] = &[
    LayerName::Firewall,
    LayerName::ResourcePolicy,
    LayerName::Authorizer,
    LayerName::UsagePlan,
    LayerName::Validation,
];

/// Answers an exchange and records its trail.
///
/// A block and not an async function, whose state would hold what it is given twice.
#[inline]
pub(crate) fn run(mut exchange: Box<Exchange>, worker: &Worker) -> impl Future<Output = Response> {
    let mut journal = Journal::start(exchange.started_at());
    async move {
        let response = answer(&mut exchange, worker, &mut journal).await;
        journal.close(exchange, response.status, worker);
        response
    }
}

/// Answers an exchange and notes its steps in `journal`, whose trail is the caller's to record: a distribution's, whose
/// origin the stage is.
pub(crate) async fn answer(exchange: &mut Exchange, worker: &Worker, journal: &mut Journal) -> Response {
    let ended = match admit(exchange, worker, journal).await {
        Ok(admitted) => finish(admitted, worker, journal).await,
        Err(ending) => ending.into_result(),
    };
    let (mut response, refusal) = respond(exchange, ended);
    journal.end_log(exchange, &response, refusal.as_ref(), worker);
    journal.count(exchange, response.status);
    if refusal.is_none() {
        compression::apply(exchange, &mut response).await;
    }
    if let Some(log) = exchange.stage().and_then(|stage| stage.access_log.as_deref()) {
        let facts = Facts {
            refusal: refusal.as_ref(),
            status: response.status,
            response_bytes: response.body.length(),
            integration_status: exchange.integration_status(),
            integration_latency_ms: journal.milliseconds_of(LayerName::Integration),
            steps: journal.steps.decided(),
        };
        let line = log.render(exchange, &facts);
        if exchange.is_canary() {
            worker.access_logs().write(&log.canary_log_group, line.clone());
        }
        worker.access_logs().write(&log.log_group, line);
    }
    response
}

/// Takes the exchange through every layer before the integration: one layer a line.
fn admit<'e, 'w>(
    exchange: &'e mut Exchange,
    worker: &'w Worker,
    journal: &'w mut Journal,
) -> impl Future<Output = Result<Admitted<'e>, Ending>> {
    let mut pass = Pass {
        exchange,
        worker,
        journal,
    };
    async move {
        pass.enter_domain()?;
        pass.enter_stage()?;
        pass.layer::<Firewall>().await?;
        pass.layer::<Preflight>().await?;
        pass.layer::<Route>().await?;
        pass.open_log();
        pass.layer::<ClientAuthority>().await?;
        pass.layer::<EndpointPolicy>().await?;
        pass.layer::<ResourcePolicy>().await?;
        pass.layer::<Authorizer>().await?;
        pass.exchange.forget_coding();
        pass.layer::<UsagePlan>().await?;
        pass.layer::<Validation>().await?;
        pass.layer::<Mapping>().await?;
        pass.log_mapped();
        pass.layer::<Cache>().await?;
        Admitted::new(pass.exchange)
    }
}

/// Takes a test of a method through what stands behind the layers that ask who calls: whoever may test it may change it.
async fn admit_test<'e>(
    exchange: &'e mut Exchange,
    worker: &Worker,
    journal: &mut Journal,
) -> Result<Admitted<'e>, Ending> {
    let mut pass = Pass {
        exchange,
        worker,
        journal,
    };
    pass.layer::<Route>().await?;
    pass.start_log(Logging::WHOLE);
    pass.layer::<Validation>().await?;
    pass.layer::<Mapping>().await?;
    pass.log_mapped();
    Admitted::new(pass.exchange)
}

/// What a test came to.
pub(crate) struct Tested {
    pub(crate) response: Response,
    pub(crate) log: String,
    pub(crate) caller: Option<TestedCaller>,
    pub(crate) latency_ms: u64,
}

/// Tests a method of a stage that the exchange has entered, and records its trail.
pub(crate) async fn test(mut exchange: Box<Exchange>, worker: &Worker) -> Tested {
    let mut journal = Journal::start(exchange.started_at());
    let ended = match admit_test(&mut exchange, worker, &mut journal).await {
        Ok(admitted) => finish(admitted, worker, &mut journal).await,
        Err(ending) => ending.into_result(),
    };
    tested(exchange, ended, journal, worker)
}

/// Asks the authorizer of a method of a stage that the exchange has entered, and nobody else.
pub(crate) async fn test_authorizer(mut exchange: Box<Exchange>, worker: &Worker) -> Tested {
    let mut journal = Journal::start(exchange.started_at());
    let mut pass = Pass {
        exchange: &mut exchange,
        worker,
        journal: &mut journal,
    };
    let passed = async {
        pass.layer::<Route>().await?;
        pass.start_log(Logging::WHOLE);
        pass.layer::<Authorizer>().await
    }
    .await;
    let ended = match passed {
        Ok(()) => Ok(Response::full(200, "application/json", "{}")),
        Err(ending) => ending.into_result(),
    };
    tested(exchange, ended, journal, worker)
}

fn tested(
    exchange: Box<Exchange>,
    ended: Result<Response, Refusal>,
    mut journal: Journal,
    worker: &Worker,
) -> Tested {
    let (response, refusal) = respond(&exchange, ended);
    let log = journal.log.take().map(|mut log| {
        log.end(&response, refusal.as_ref());
        log.text()
    });
    let tested = Tested {
        log: log.unwrap_or_default(),
        caller: exchange.caller().map(TestedCaller::of),
        latency_ms: nanoseconds(exchange.started_at(), Instant::now()) / 1_000_000,
        response,
    };
    journal.close(exchange, tested.response.status, worker);
    tested
}

/// Calls the integration and makes the answer from what it says.
async fn finish(admitted: Admitted<'_>, worker: &Worker, journal: &mut Journal) -> Result<Response, Refusal> {
    let (exchange, answer) = integrations::call(admitted, worker).await;
    let (answer, reason) = answer.map_err(|refusal| refuse(refusal, LayerName::Integration, journal))?;
    journal.note(LayerName::Integration, Outcome::Continue, reason);
    journal.log_answer(&answer);
    exchange.note_integration(answer.status());
    let applied = response::apply(exchange, exchange.method()?, answer);
    let (mut response, reason) = applied.map_err(|refusal| refuse(refusal, LayerName::Response, journal))?;
    journal.note(LayerName::Response, Outcome::Continue, reason);
    if let Some(reason) = cache::keep(exchange, &mut response, worker).await {
        journal.note(LayerName::Cache, Outcome::Continue, reason.into());
    }
    cache::finish(exchange, &mut response);
    trace_id::add_to(&mut response.headers, exchange);
    Ok(response)
}

fn refuse(refusal: Refusal, layer: LayerName, journal: &mut Journal) -> Refusal {
    journal.note(layer, Outcome::Refuse, refusal.cause().clone());
    refusal
}

/// An exchange that every layer let pass. Only [`admit`] makes one, and integrations take nothing else.
pub(crate) struct Admitted<'e>(&'e mut Exchange);

impl<'e> Admitted<'e> {
    fn new(exchange: &'e mut Exchange) -> Result<Self, Ending> {
        if exchange.method().is_ok() && exchange.mapped().is_some() {
            return Ok(Self(exchange));
        }
        Err(Ending::Refused(Refusal::new(
            RefusalKind::Internal,
            "a layer that finds the call is missing from the list",
        )))
    }

    /// Returns what an integration consumes.
    pub(crate) const fn into_exchange(self) -> &'e mut Exchange {
        self.0
    }
}

/// How an exchange ended before its integration.
enum Ending {
    Answered(Box<Response>),
    Refused(Refusal),
}

impl Ending {
    fn into_result(self) -> Result<Response, Refusal> {
        match self {
            Self::Answered(response) => Ok(*response),
            Self::Refused(refusal) => Err(refusal),
        }
    }
}

/// Makes the response of an exchange that has ended, with the refusal that it is, if it is one.
fn respond(exchange: &Exchange, ended: Result<Response, Refusal>) -> (Response, Option<Refusal>) {
    let (mut response, refusal) = match ended {
        Ok(response) => (response, None),
        Err(refusal) => (responses::render(exchange, &refusal), Some(refusal)),
    };
    responses::complete(exchange, &mut response);
    (response, refusal)
}

/// An exchange on its way through the layers.
struct Pass<'e, 'w> {
    exchange: &'e mut Exchange,
    worker: &'w Worker,
    journal: &'w mut Journal,
}

impl Pass<'_, '_> {
    /// On a custom domain: lets the client in, and finds the API. A step of the trail only where certificates are demanded, and
    /// where there is no API.
    fn enter_domain(&mut self) -> Result<(), Ending> {
        match custom_domain::check_client(self.exchange) {
            None => {}
            Some(Ok((reason, root))) => {
                self.exchange.admit_client(root);
                self.journal
                    .note(LayerName::ClientCertificate, Outcome::Continue, reason);
            }
            Some(Err(refusal)) => {
                let cause = refusal.cause().clone();
                self.journal
                    .note(LayerName::ClientCertificate, Outcome::Refuse, cause);
                return Err(Ending::Refused(refusal));
            }
        }
        custom_domain::enter_api(self.exchange).map_err(|refusal| {
            self.journal
                .note(LayerName::Host, Outcome::Refuse, refusal.cause().clone());
            Ending::Refused(refusal)
        })
    }

    /// Finds the stage, which says what every layer enforces. A step of the trail only where there is none, and where its
    /// canary takes the request.
    fn enter_stage(&mut self) -> Result<(), Ending> {
        if let Err(refusal) = route::enter_stage(
            self.exchange,
            self.worker.vpc_endpoints(),
            self.worker.streamed_body_bytes_max(),
        ) {
            self.journal
                .note(LayerName::Route, Outcome::Refuse, refusal.cause().clone());
            return Err(Ending::Refused(refusal));
        }
        if self.exchange.is_canary() {
            self.journal.note(
                LayerName::Route,
                Outcome::Continue,
                "the canary of the stage".into(),
            );
        }
        Ok(())
    }

    /// Starts the execution log, where the stage wants one of the method.
    fn open_log(&mut self) {
        let logging = self.exchange.known_method().and_then(|method| method.logging);
        if let Some(logging) = logging {
            self.start_log(logging);
        }
    }

    fn start_log(&mut self, logging: Logging) {
        self.journal.log = Some(Box::new(ExecutionLog::start(logging, self.exchange)));
    }

    fn log_mapped(&mut self) {
        if let Some(log) = &mut self.journal.log {
            log.mapped(self.exchange);
        }
    }

    async fn layer<L: Layer>(&mut self) -> Result<(), Ending> {
        if !L::applies(self.exchange) {
            return Ok(());
        }
        if let Some(nothing) = L::idle(self.exchange) {
            self.journal.note_idle(nothing);
            return Ok(());
        }
        let need = L::body_need(self.exchange, self.worker);
        if need != BodyNeed::None
            && let Err(cause) = self.exchange.read_body(need).await
        {
            // Whatever the layer only observes: what was read of the body is gone, so nothing may be sent on.
            let refusal = body_refusal(&cause);
            self.journal
                .note(L::NAME, Outcome::Refuse, refusal.cause().clone());
            return Err(Ending::Refused(refusal));
        }
        match L::check(self.exchange, self.worker).await {
            Decision::Continue(reason) => {
                self.journal.note(L::NAME, Outcome::Continue, reason);
                self.exchange.reach(self.journal.elapsed_ns());
                Ok(())
            }
            Decision::Answer(response, reason) => {
                self.journal.note(L::NAME, Outcome::Answer, reason);
                Err(Ending::Answered(response))
            }
            Decision::Refuse(refusal) if self.exchange.is_observed(L::NAME) => {
                self.journal
                    .note(L::NAME, Outcome::ObserveRefuse, refusal.cause().clone());
                Ok(())
            }
            Decision::Refuse(refusal) => {
                self.journal
                    .note(L::NAME, Outcome::Refuse, refusal.cause().clone());
                Err(Ending::Refused(refusal))
            }
        }
    }
}

/// Turns a body that did not come whole into a refusal.
pub(crate) fn body_refusal(cause: &BodyError) -> Refusal {
    match cause {
        BodyError::TooLarge { .. } => Refusal::new(RefusalKind::RequestTooLarge, cause.to_string()),
        BodyError::NoRoom => Refusal::new(RefusalKind::Overloaded, cause.to_string()),
        BodyError::Miscoded(_) => Refusal::new(RefusalKind::UnsupportedMediaType, cause.to_string()),
        BodyError::TimedOut => Refusal::new(RefusalKind::RequestTimeout, cause.to_string()),
        BodyError::Broken(_) => Refusal::new(RefusalKind::BadRequestBody, cause.to_string()),
    }
}
