//! Calls of services that are elsewhere, signed. Connections belong to a thread, and callers are on any: one thread here makes
//! all the calls.

use std::{sync::Arc, thread, time::Duration};

use anyhow::{Context as _, Result};
use bytes::Bytes;
use portcullis_egress::{Client, ClientConfig, Timeouts};
use portcullis_engines::sigv4::{self, Options, SignableRequest};
use portcullis_gateway::ports::{ServiceFailure, ServiceResponse};
use portcullis_model::{Clock as _, HeaderList, Scope, SystemClock};
use tokio::{
    sync::{mpsc, oneshot},
    task::LocalSet,
};

use crate::{service_endpoints::OpenedEndpoints, settings::Settings};

/// Calls that may be under way; the next fails.
const CALLS_MAX: usize = 256;
/// How long one may take: as long as an integration without a time of its own.
const CALL_TIME_MAX: Duration = Duration::from_secs(29);
/// The longest answer, in bytes.
const ANSWER_BYTES_MAX: usize = 10_485_760;

struct Job {
    service: String,
    action: String,
    body: Bytes,
    reply: oneshot::Sender<Result<ServiceResponse, ServiceFailure>>,
}

/// The way to the thread.
pub(super) struct Outgoing {
    /// Whose APIs may use the operator's keys.
    scope: Scope,
    endpoints: Arc<OpenedEndpoints>,
    jobs: mpsc::Sender<Job>,
}

impl Outgoing {
    /// Starts what calls the services of the settings; none where there are none.
    pub(super) fn of(settings: &Settings, integrations: &ClientConfig) -> Result<Option<Arc<Self>>> {
        let Some(endpoints) = settings.service_endpoints.open()? else {
            return Ok(None);
        };
        Self::start(integrations.clone(), endpoints, &settings.scope)
            .map(Arc::new)
            .map(Some)
    }

    /// Starts the thread. It ends with the last who may send to it.
    fn start(config: ClientConfig, endpoints: OpenedEndpoints, scope: &Scope) -> Result<Self> {
        let endpoints = Arc::new(endpoints);
        let (jobs, received) = mpsc::channel(CALLS_MAX);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("no runtime for calls of services")?;
        let (known, own) = (Arc::clone(&endpoints), scope.clone());
        thread::Builder::new()
            .name("service-calls".into())
            .spawn(move || LocalSet::new().block_on(&runtime, work(config, known, own, received)))
            .context("services cannot be called")?;
        Ok(Self {
            scope: scope.clone(),
            endpoints,
            jobs,
        })
    }

    /// Tells whether an API of `scope` may call a service here.
    pub(super) fn has(&self, scope: &Scope, service: &str) -> bool {
        self.scope == *scope && self.endpoints.endpoints.contains_key(service)
    }

    /// Calls an action, for whom may call it has been asked.
    pub(super) async fn call(
        &self,
        service: &str,
        action: &str,
        body: Bytes,
    ) -> Result<ServiceResponse, ServiceFailure> {
        let busy = || ServiceFailure::Failed(format!("{CALLS_MAX} calls of services are under way"));
        let (reply, answer) = oneshot::channel();
        let job = Job {
            service: service.to_owned(),
            action: action.to_owned(),
            body,
            reply,
        };
        self.jobs.try_send(job).map_err(|_| busy())?;
        answer.await.unwrap_or_else(|_| Err(busy()))
    }
}

async fn work(
    config: ClientConfig,
    endpoints: Arc<OpenedEndpoints>,
    scope: Scope,
    mut jobs: mpsc::Receiver<Job>,
) {
    let client = Client::new(config);
    let permits = Arc::new(tokio::sync::Semaphore::new(CALLS_MAX));
    while let Some(job) = jobs.recv().await {
        let Ok(permit) = Arc::clone(&permits).acquire_owned().await else {
            break;
        };
        let (client, endpoints, scope) = (client.clone(), Arc::clone(&endpoints), scope.clone());
        tokio::task::spawn_local(async move {
            let Job {
                service,
                action,
                body,
                mut reply,
            } = job;
            tokio::select! {
                biased;
                // Whoever asked has gone.
                () = reply.closed() => {}
                answer = send(&client, &endpoints, &scope, &service, &action, body) => drop(reply.send(answer)),
            }
            drop(permit);
        });
    }
}

async fn send(
    client: &Client,
    endpoints: &OpenedEndpoints,
    scope: &Scope,
    service: &str,
    action: &str,
    body: Bytes,
) -> Result<ServiceResponse, ServiceFailure> {
    let failed = |cause: String| ServiceFailure::Failed(format!("`{service}`: {cause}"));
    let endpoint = endpoints
        .endpoints
        .get(service)
        .ok_or_else(|| failed("there is no endpoint for it".to_owned()))?;
    // A call without a body is a call with an empty object.
    let body = if body.is_empty() {
        Bytes::from_static(b"{}")
    } else {
        body
    };
    let mut headers = HeaderList::with_capacity(6);
    headers.push("Host", endpoint.url.target.to_string());
    headers.push("Content-Type", endpoint.content_type.clone());
    headers.push("X-Amz-Target", format!("{}.{action}", endpoint.target_prefix));
    let request = SignableRequest {
        method: "POST",
        path: &endpoint.url.path_and_query,
        query: "",
        headers: &headers,
    };
    let region = scope.region.as_str();
    let signed = sigv4::sign(
        &request,
        &endpoints.credentials,
        region,
        service,
        SystemClock.now(),
        &body,
        &Options::default(),
    );
    let signed = signed.map_err(|cause| failed(cause.to_string()))?;
    for (name, value) in signed {
        headers.push(name, value);
    }
    let (mut body, timeouts) = (body, Timeouts::within(CALL_TIME_MAX));
    let sent = client.send(
        &endpoint.url.target,
        b"POST",
        endpoint.url.path_and_query.as_bytes(),
        &headers,
        &mut body,
        &timeouts,
    );
    let mut answer = sent.await.map_err(|cause| failed(cause.to_string()))?;
    let whole = answer.body.read_whole(ANSWER_BYTES_MAX).await;
    Ok(ServiceResponse {
        status: answer.status,
        headers: answer.headers,
        body: whole.map_err(|cause| failed(cause.to_string()))?,
        decisions: format!("from `{}`", endpoint.url.target),
    })
}
