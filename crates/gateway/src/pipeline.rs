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

use std::{sync::Arc, time::Instant};

use portcullis_model::trail::Outcome;

use crate::{
    access_log::Facts,
    decision::{Decision, LayerName, Reason},
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
    snapshot::methods::MethodSnapshot,
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
    fn idle(_exchange: &Exchange) -> Option<&'static str> {
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
pub(crate) fn run(exchange: Box<Exchange>, worker: &Worker) -> impl Future<Output = Response> {
    let mut journal = Journal::start(exchange.started_at());
    async move {
        let (exchange, response) = answer(exchange, worker, &mut journal).await;
        journal.close(exchange, response.status, worker);
        response
    }
}

/// Answers an exchange and notes its steps in `journal`, whose trail is the caller's to record: a distribution's, whose
/// origin the stage is.
pub(crate) async fn answer(
    exchange: Box<Exchange>,
    worker: &Worker,
    journal: &mut Journal,
) -> (Box<Exchange>, Response) {
    let ended = match admit(exchange, worker, journal).await {
        Ok(admitted) => finish(admitted, worker, journal).await,
        Err(ended) => ended,
    };
    let (exchange, mut response, refusal) = ended.into_response();
    journal.end_log(&exchange, &response, refusal.as_ref(), worker);
    journal.count(&exchange, response.status);
    if refusal.is_none() {
        compression::apply(&exchange, &mut response).await;
    }
    if let Some(log) = exchange.stage().and_then(|stage| stage.access_log.as_deref()) {
        let facts = Facts {
            refusal: refusal.as_ref(),
            status: response.status,
            response_bytes: response.body.length(),
            integration_status: exchange.integration_status(),
            integration_latency_ms: journal.milliseconds_of(LayerName::Integration),
            steps: &journal.steps,
        };
        let line = log.render(&exchange, &facts);
        if exchange.is_canary() {
            worker.access_logs().write(&log.canary_log_group, line.clone());
        }
        worker.access_logs().write(&log.log_group, line);
    }
    (exchange, response)
}

/// Takes the exchange through every layer before the integration: one layer a line.
async fn admit(exchange: Box<Exchange>, worker: &Worker, journal: &mut Journal) -> Result<Admitted, Ended> {
    let mut pass = Pass {
        exchange,
        worker,
        journal,
    };
    let passed = async {
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
        Ok(())
    }
    .await;
    match passed {
        Ok(()) => Admitted::new(pass.exchange),
        Err(ending) => Err(Ended::new(pass.exchange, ending)),
    }
}

/// Takes a test of a method through what stands behind the layers that ask who calls: whoever may test it may change it.
async fn admit_test(
    exchange: Box<Exchange>,
    worker: &Worker,
    journal: &mut Journal,
) -> Result<Admitted, Ended> {
    let mut pass = Pass {
        exchange,
        worker,
        journal,
    };
    let passed = async {
        pass.layer::<Route>().await?;
        pass.start_log(Logging::WHOLE);
        pass.layer::<Validation>().await?;
        pass.layer::<Mapping>().await?;
        pass.log_mapped();
        Ok(())
    }
    .await;
    match passed {
        Ok(()) => Admitted::new(pass.exchange),
        Err(ending) => Err(Ended::new(pass.exchange, ending)),
    }
}

/// What a test came to.
pub(crate) struct Tested {
    pub(crate) response: Response,
    pub(crate) log: String,
    pub(crate) caller: Option<TestedCaller>,
    pub(crate) latency_ms: u64,
}

/// Tests a method of a stage that the exchange has entered, and records its trail.
pub(crate) async fn test(exchange: Box<Exchange>, worker: &Worker) -> Tested {
    let mut journal = Journal::start(exchange.started_at());
    let ended = match admit_test(exchange, worker, &mut journal).await {
        Ok(admitted) => finish(admitted, worker, &mut journal).await,
        Err(ended) => ended,
    };
    tested(ended, journal, worker)
}

/// Asks the authorizer of a method of a stage that the exchange has entered, and nobody else.
pub(crate) async fn test_authorizer(exchange: Box<Exchange>, worker: &Worker) -> Tested {
    let mut journal = Journal::start(exchange.started_at());
    let mut pass = Pass {
        exchange,
        worker,
        journal: &mut journal,
    };
    let passed = async {
        pass.layer::<Route>().await?;
        pass.start_log(Logging::WHOLE);
        pass.layer::<Authorizer>().await
    }
    .await;
    let ending = passed.err().unwrap_or_else(|| {
        let authorized = Response::full(200, "application/json", "{}");
        Ending::Answered(authorized)
    });
    let ended = Ended::new(pass.exchange, ending);
    tested(ended, journal, worker)
}

fn tested(ended: Ended, mut journal: Journal, worker: &Worker) -> Tested {
    let (exchange, response, refusal) = ended.into_response();
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
async fn finish(admitted: Admitted, worker: &Worker, journal: &mut Journal) -> Ended {
    let (mut exchange, method, answer) = integrations::call(admitted, worker).await;
    let answer = match answer {
        Ok((answer, reason)) => {
            journal.note(LayerName::Integration, Outcome::Continue, reason);
            journal.log_answer(&answer);
            answer
        }
        Err(refusal) => return refuse(exchange, refusal, LayerName::Integration, journal),
    };
    exchange.note_integration(answer.status());
    match response::apply(&exchange, &method, answer) {
        Ok((mut response, reason)) => {
            journal.note(LayerName::Response, Outcome::Continue, reason);
            if let Some(reason) = cache::keep(&mut exchange, &mut response, worker).await {
                journal.note(LayerName::Cache, Outcome::Continue, reason.into());
            }
            cache::finish(&exchange, &mut response);
            trace_id::add_to(&mut response.headers, &method.backend.integration, &exchange);
            Ended::new(exchange, Ending::Answered(response))
        }
        Err(refusal) => refuse(exchange, refusal, LayerName::Response, journal),
    }
}

fn refuse(exchange: Box<Exchange>, refusal: Refusal, layer: LayerName, journal: &mut Journal) -> Ended {
    journal.note(layer, Outcome::Refuse, refusal.cause().clone());
    Ended::new(exchange, Ending::Refused(refusal))
}

/// An exchange that every layer let pass. Only [`admit`] makes one, and integrations take nothing else.
pub(crate) struct Admitted {
    exchange: Box<Exchange>,
    method: Arc<MethodSnapshot>,
}

impl Admitted {
    fn new(exchange: Box<Exchange>) -> Result<Self, Ended> {
        match exchange.method().cloned() {
            Ok(method) if exchange.mapped().is_some() => Ok(Self { exchange, method }),
            _ => Err(Ended::new(
                exchange,
                Ending::Refused(Refusal::new(
                    RefusalKind::Internal,
                    "a layer that finds the call is missing from the list",
                )),
            )),
        }
    }

    /// Takes it apart: what an integration consumes.
    pub(crate) fn into_parts(self) -> (Box<Exchange>, Arc<MethodSnapshot>) {
        (self.exchange, self.method)
    }
}

/// An exchange that is over, and how.
pub(crate) struct Ended {
    exchange: Box<Exchange>,
    ending: Ending,
}

impl Ended {
    const fn new(exchange: Box<Exchange>, ending: Ending) -> Self {
        Self { exchange, ending }
    }

    /// Makes the response, with the refusal that it is, if it is one.
    fn into_response(self) -> (Box<Exchange>, Response, Option<Refusal>) {
        let Self { exchange, ending } = self;
        let (mut response, refusal) = match ending {
            Ending::Answered(response) => (response, None),
            Ending::Refused(refusal) => (responses::render(&exchange, &refusal), Some(refusal)),
        };
        responses::complete(&exchange, &mut response);
        (exchange, response, refusal)
    }
}

enum Ending {
    Answered(Response),
    Refused(Refusal),
}

/// An exchange on its way through the layers.
struct Pass<'a> {
    exchange: Box<Exchange>,
    worker: &'a Worker,
    journal: &'a mut Journal,
}

impl Pass<'_> {
    /// On a custom domain: lets the client in, and finds the API. A step of the trail only where certificates are demanded, and
    /// where there is no API.
    fn enter_domain(&mut self) -> Result<(), Ending> {
        match custom_domain::check_client(&self.exchange) {
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
        custom_domain::enter_api(&mut self.exchange).map_err(|refusal| {
            self.journal
                .note(LayerName::Host, Outcome::Refuse, refusal.cause().clone());
            Ending::Refused(refusal)
        })
    }

    /// Finds the stage, which says what every layer enforces. A step of the trail only where there is none, and where its
    /// canary takes the request.
    fn enter_stage(&mut self) -> Result<(), Ending> {
        if let Err(refusal) = route::enter_stage(
            &mut self.exchange,
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
        self.journal.log = Some(Box::new(ExecutionLog::start(logging, &self.exchange)));
    }

    fn log_mapped(&mut self) {
        if let Some(log) = &mut self.journal.log {
            log.mapped(&self.exchange);
        }
    }

    async fn layer<L: Layer>(&mut self) -> Result<(), Ending> {
        if !L::applies(&self.exchange) {
            return Ok(());
        }
        if let Some(why) = L::idle(&self.exchange) {
            self.journal
                .note(L::NAME, Outcome::Continue, Reason::Nothing(why));
            return Ok(());
        }
        let need = L::body_need(&self.exchange, self.worker);
        if need != BodyNeed::None
            && let Err(cause) = self.exchange.read_body(need).await
        {
            // Whatever the layer only observes: what was read of the body is gone, so nothing may be sent on.
            let refusal = body_refusal(&cause);
            self.journal
                .note(L::NAME, Outcome::Refuse, refusal.cause().clone());
            return Err(Ending::Refused(refusal));
        }
        match L::check(&mut self.exchange, self.worker).await {
            Decision::Continue(reason) => {
                self.journal.note(L::NAME, Outcome::Continue, reason);
                self.exchange.reach(self.journal.last());
                Ok(())
            }
            Decision::Answer(response, reason) => {
                self.journal.note(L::NAME, Outcome::Answer, reason);
                Err(Ending::Answered(*response))
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
