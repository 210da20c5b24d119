//! Tests of methods and authorizers: a thread with a gateway of its own, which takes one call beside another, up to a bound.

use std::{
    sync::{Arc, OnceLock},
    thread,
    time::Duration,
};

use super::publication::backend_certificate;
use anyhow::Context as _;
use portcullis_control::ports::{TestAnswer, TestBench, TestCall, TestRefusal, TestedCaller, Testing};
use portcullis_gateway::{Gateway, GatewayParts, snapshot::compile_stage, test_invoke};
use portcullis_model::{Problem, Scope, resources::apigateway::Deployment};
use tokio::{
    sync::{mpsc, oneshot},
    task::LocalSet,
    time::timeout,
};

/// Tests at one time.
const TESTS_MAX: usize = 16;
/// How long a test may take: a little more than an integration.
const TEST_TIME_MAX: Duration = Duration::from_secs(40);

enum What {
    Method,
    Authorizer,
}

struct Order {
    what: What,
    call: test_invoke::TestCall,
    reply: oneshot::Sender<Result<test_invoke::TestAnswer, String>>,
}

/// The way to the thread, once the gateway is there.
#[derive(Default)]
pub(super) struct Bench(OnceLock<mpsc::Sender<Order>>);

impl Bench {
    /// Starts the thread. It ends with the last who may send to it.
    pub(super) fn start(&self, parts: GatewayParts) -> anyhow::Result<()> {
        let (sender, mut orders) = mpsc::channel::<Order>(TESTS_MAX);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("no runtime for tests of methods")?;
        let serve = move || {
            let local = LocalSet::new();
            local.block_on(&runtime, async move {
                let gateway = std::rc::Rc::new(Gateway::new(parts));
                let permits = Arc::new(tokio::sync::Semaphore::new(TESTS_MAX));
                while let Some(order) = orders.recv().await {
                    let Ok(permit) = permits.clone().acquire_owned().await else {
                        break;
                    };
                    let gateway = gateway.clone();
                    tokio::task::spawn_local(async move {
                        let answer = match order.what {
                            What::Method => gateway.test_method(order.call).await,
                            What::Authorizer => gateway.test_authorizer(order.call).await,
                        };
                        drop(order.reply.send(answer));
                        drop(permit);
                    });
                }
            });
        };
        let thread = thread::Builder::new().name("test-invoke".into());
        thread.spawn(serve).context("tests of methods cannot be made")?;
        // Started once.
        let _ = self.0.set(sender);
        Ok(())
    }

    async fn test(&self, what: What, scope: &Scope, call: TestCall) -> Result<TestAnswer, TestRefusal> {
        let call = compiled(scope, call).map_err(TestRefusal::Invalid)?;
        let (reply, answer) = oneshot::channel();
        let sender = self.0.get().ok_or(TestRefusal::Busy)?;
        sender
            .try_send(Order { what, call, reply })
            .map_err(|_| TestRefusal::Busy)?;
        let answer = timeout(TEST_TIME_MAX, answer).await;
        let answer = answer.map_err(|_| TestRefusal::Invalid("the test took too long".into()))?;
        let answer = answer.map_err(|_| TestRefusal::Busy)?;
        answer.map(told).map_err(TestRefusal::Invalid)
    }
}

impl TestBench for Bench {
    fn method<'a>(&'a self, scope: &'a Scope, call: TestCall) -> Testing<'a> {
        Box::pin(self.test(What::Method, scope, call))
    }

    fn authorizer<'a>(&'a self, scope: &'a Scope, call: TestCall) -> Testing<'a> {
        Box::pin(self.test(What::Authorizer, scope, call))
    }
}

/// Compiles the API as it stands.
fn compiled(scope: &Scope, call: TestCall) -> Result<test_invoke::TestCall, String> {
    let deployment = Deployment {
        id: call.stage.deployment_id.clone(),
        api_id: call.stage.api_id.clone(),
        description: None,
        created_date: call.stage.created_date,
        image: call.image,
    };
    let stage = compile_stage(&call.stage, &deployment, scope).map_err(|problems| {
        let errors = problems
            .iter()
            .filter(|problem| problem.is_error())
            .map(Problem::to_string);
        format!(
            "The API cannot be tested: {}",
            errors.collect::<Vec<_>>().join("; ")
        )
    })?;
    let certificate = call.client_certificate.map(|(certificate, private_key)| {
        backend_certificate(&certificate, &private_key)
            .map_err(|cause| format!("The client certificate cannot be used: {cause}"))
    });
    Ok(test_invoke::TestCall {
        stage: stage.presenting(certificate.transpose()?),
        method: call.method,
        resource_id: call.resource_id,
        path_and_query: call.path_and_query,
        headers: call.headers,
        body: call.body,
    })
}

fn told(answer: test_invoke::TestAnswer) -> TestAnswer {
    TestAnswer {
        status: answer.status,
        headers: answer.headers,
        body: answer.body,
        log: answer.log,
        latency_ms: answer.latency_ms,
        caller: answer.caller.map(|caller| TestedCaller {
            principal_id: caller.principal_id,
            policy: caller.policy,
            claims: caller.claims,
            context: caller.context,
        }),
    }
}
