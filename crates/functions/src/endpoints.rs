//! Functions behind HTTP endpoints that speak the Lambda Invoke API: `POST {URL}/2015-03-31/functions/{name}/invocations`.
//!
//! <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>. Whatever runs the function there (AWS's runtime interface
//! emulator, a debugger, a service) sees the event as its body. No signature is added: the endpoint is the operator's own.
//!
//! Connections belong to a thread, and callers are on any: one thread here makes all the calls.

use std::{collections::BTreeMap, io, rc::Rc, sync::Arc, thread};

use portcullis_egress::{Client, ClientConfig, EgressError, Timeouts, Url};
use portcullis_model::{HeaderList, arn::Arn};
use tokio::{
    sync::{mpsc, oneshot},
    task::LocalSet,
};

use crate::{Answer, Call, Failure, PAYLOAD_BYTES_MAX, unqualified};

/// Calls of all endpoints together that may be under way, AWS's default for an account; the next is throttled.
const CALLS_MAX: usize = 1_000;

/// Why endpoints cannot be called.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    #[error("the function `{arn}` cannot be bound to `{url}`: {cause}")]
    Url { arn: String, url: String, cause: String },
    #[error("the thread that calls functions cannot be started: {0}")]
    Thread(#[from] io::Error),
}

/// The functions that endpoints answer for, by ARN. Dropped, its thread ends with the last call.
pub struct Endpoints {
    bound: BTreeMap<String, Arc<Url>>,
    jobs: mpsc::Sender<Job>,
}

struct Job {
    call: Call,
    url: Arc<Url>,
    reply: oneshot::Sender<Result<Answer, Failure>>,
}

impl Endpoints {
    /// Starts what calls the endpoints in `bindings`, URLs by function ARN.
    pub fn start(config: ClientConfig, bindings: &BTreeMap<String, String>) -> Result<Self, EndpointError> {
        let mut bound = BTreeMap::new();
        for (arn, url) in bindings {
            let parsed = parse(url).map_err(|cause| EndpointError::Url {
                arn: arn.clone(),
                url: url.clone(),
                cause,
            })?;
            bound.insert(arn.clone(), Arc::new(parsed));
        }
        let (jobs, received) = mpsc::channel(CALLS_MAX);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        thread::Builder::new()
            .name("function-calls".into())
            .spawn(move || LocalSet::new().block_on(&runtime, work(config, received)))?;
        Ok(Self { bound, jobs })
    }

    /// Tells whether an endpoint answers for the function, with or without its qualifier.
    pub fn answers_for(&self, function_arn: &str) -> bool {
        self.find(function_arn).is_some()
    }

    /// Calls the endpoint of the function.
    pub async fn invoke(&self, call: Call) -> Result<Answer, Failure> {
        if call.payload.len() > PAYLOAD_BYTES_MAX {
            return Err(Failure::PayloadTooLarge);
        }
        let Some(url) = self.find(&call.function_arn).cloned() else {
            return Err(Failure::NotFound(call.function_arn.to_string()));
        };
        let (reply, answer) = oneshot::channel();
        let full = || Failure::Throttled(format!("more than {CALLS_MAX} calls of functions are under way"));
        self.jobs.try_send(Job { call, url, reply }).map_err(|_| full())?;
        answer.await.unwrap_or_else(|_| Err(full()))
    }

    fn find(&self, function_arn: &str) -> Option<&Arc<Url>> {
        self.bound
            .get(function_arn)
            .or_else(|| self.bound.get(&unqualified(function_arn)?))
    }
}

fn parse(url: &str) -> Result<Url, String> {
    let mut url = Url::parse(url).map_err(|cause| cause.to_string())?;
    if url.path_and_query.contains('?') {
        return Err("the URL must have no query".into());
    }
    let kept = url.path_and_query.trim_end_matches('/').len();
    url.path_and_query.truncate(kept);
    Ok(url)
}

async fn work(config: ClientConfig, mut jobs: mpsc::Receiver<Job>) {
    let client = Client::new(config);
    let under_way = Rc::new(());
    while let Some(job) = jobs.recv().await {
        if Rc::strong_count(&under_way) > CALLS_MAX {
            // Dropping the reply says so.
            continue;
        }
        let (client, counted) = (client.clone(), Rc::clone(&under_way));
        tokio::task::spawn_local(async move {
            let Job { call, url, mut reply } = job;
            tokio::select! {
                biased;
                // Whoever asked has gone.
                () = reply.closed() => {}
                answer = send(&client, &url, &call) => drop(reply.send(answer)),
            }
            drop(counted);
        });
    }
}

async fn send(client: &Client, url: &Url, call: &Call) -> Result<Answer, Failure> {
    let arn: Arn = call
        .function_arn
        .parse()
        .map_err(|_| Failure::NotFound(call.function_arn.to_string()))?;
    let mut parts = arn.resource.splitn(3, ':').skip(1);
    let name = parts.next().unwrap_or_default();
    let qualifier = parts
        .next()
        .map(|qualifier| format!("?Qualifier={qualifier}"))
        .unwrap_or_default();
    let path = format!(
        "{}/2015-03-31/functions/{name}/invocations{qualifier}",
        url.path_and_query
    );
    let mut headers = HeaderList::with_capacity(2);
    headers.push("Content-Type", "application/json");
    headers.push("X-Amz-Invocation-Type", "RequestResponse");
    let mut payload = call.payload.clone();
    let failed = |cause: EgressError| match cause {
        EgressError::TimedOut(_) => Failure::TimedOut,
        cause => Failure::Unreachable(format!("`{}`: {cause}", url.target)),
    };
    let timeouts = Timeouts::within(call.timeout);
    let mut answer = client
        .send(
            &url.target,
            b"POST",
            path.as_bytes(),
            &headers,
            &mut payload,
            &timeouts,
        )
        .await
        .map_err(failed)?;
    let payload = answer.body.read_whole(PAYLOAD_BYTES_MAX).await.map_err(failed)?;
    match answer.status {
        200 => Ok(Answer {
            payload,
            error: answer.headers.text("x-amz-function-error").map(str::to_owned),
        }),
        404 => Err(Failure::NotFound(call.function_arn.to_string())),
        429 => Err(Failure::Throttled(format!(
            "`{}` throttles the function",
            url.target
        ))),
        // What its body says stays out of the trail.
        status => Err(Failure::Unreachable(format!(
            "`{}` answered {status}",
            url.target
        ))),
    }
}
