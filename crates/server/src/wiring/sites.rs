//! The hosts of ours that are not APIs: the unsigned operations of cognito-idp, keys and metadata of pools, and the
//! endpoints of pool domains. Work is done on the control runtime, so that no worker thread waits for it.

use std::{sync::Arc, time::Instant};

use bytes::Bytes;
use portcullis_control::{AdminListener, AdminRequest, AdminResponse, Control};
use portcullis_gateway::{
    http::Listener,
    ports::{Site, SiteAnswer, SiteRequest, SiteResponse, Sites},
};
use portcullis_identity::{
    Identity, IdentityError,
    endpoints::{EndpointRequest, EndpointResponse},
};
use portcullis_model::{
    HeaderList,
    trail::{Outcome, Step},
};
use tokio::runtime::Handle;

/// Everything that sites are answered with.
pub(super) struct ServerSites {
    pub(super) control: Control,
    pub(super) identity: Arc<Identity>,
    pub(super) runtime: Handle,
}

impl Sites for ServerSites {
    fn answer(&self, request: SiteRequest) -> SiteAnswer {
        let (control, identity) = (self.control.clone(), self.identity.clone());
        let work = self
            .runtime
            .spawn(async move { answer(&control, &identity, request).await });
        Box::pin(async move {
            work.await.unwrap_or_else(|cause| {
                tracing::error!("an endpoint failed: {cause}");
                SiteResponse {
                    status: 500,
                    ..SiteResponse::default()
                }
            })
        })
    }
}

async fn answer(control: &Control, identity: &Identity, request: SiteRequest) -> SiteResponse {
    let is_keys =
        matches!(request.method.as_ref(), b"GET" | b"HEAD") && request.path.contains("/.well-known/");
    match &request.site {
        Site::CognitoIdp if is_keys => {
            let endpoint = endpoint_request(&request);
            let started = Instant::now();
            let answered = identity.well_known(&endpoint).await;
            endpoint_answer("well-known", answered, started)
        }
        Site::CognitoIdp | Site::Service => operation(control, request).await,
        Site::PoolDomain { prefix } => {
            let endpoint = endpoint_request(&request);
            let started = Instant::now();
            let region = control.parts().scope.region.clone();
            let answered = identity.domain_endpoint(region.as_str(), prefix, &endpoint).await;
            let path = request.path.trim_start_matches('/');
            // The path is a stranger's: only those that exist are named in the trail.
            let name = if matches!(answered, Ok(None)) {
                "no such endpoint"
            } else {
                path
            };
            endpoint_answer(name, answered, started)
        }
    }
}

async fn operation(control: &Control, request: SiteRequest) -> SiteResponse {
    let listener = match request.peer.listener {
        Listener::Proxy => AdminListener::Proxy,
        Listener::Public | Listener::PublicHttp | Listener::TestInvoke => AdminListener::Public,
    };
    let mut headers = request.headers;
    if headers.get("host").is_none() {
        // HTTP/2 carries the host as `:authority`; a signature covers it as `host`.
        headers.push("host", request.authority);
    }
    let AdminResponse {
        status,
        headers,
        body,
        steps,
    } = control
        .handle(AdminRequest {
            listener,
            source: request.peer.address.ip(),
            secure: request.peer.tls.is_some(),
            method: String::from_utf8_lossy(&request.method).into_owned(),
            path: request.path,
            query: request.query.unwrap_or_default(),
            headers,
            body: request.body,
        })
        .await;
    SiteResponse {
        status,
        headers,
        body,
        steps,
    }
}

fn endpoint_request(request: &SiteRequest) -> EndpointRequest {
    EndpointRequest {
        method: String::from_utf8_lossy(&request.method).into_owned(),
        path: request.path.clone(),
        query: request.query.clone().unwrap_or_default(),
        headers: request.headers.clone(),
        body: request.body.to_vec(),
        authority: request.authority.clone(),
        secure: request.peer.tls.is_some(),
    }
}

fn endpoint_answer(
    endpoint: &str,
    answered: Result<Option<EndpointResponse>, IdentityError>,
    started: Instant,
) -> SiteResponse {
    let elapsed_ns = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
    let step = |outcome, reason: String| Step {
        layer: "identity".into(),
        outcome,
        reason: reason.into(),
        elapsed_ns,
    };
    match answered {
        Ok(Some(EndpointResponse {
            status,
            headers,
            body,
            cause,
        })) => {
            let outcome = if status < 400 {
                Outcome::Answer
            } else {
                Outcome::Refuse
            };
            let reason = cause.map_or_else(|| endpoint.to_owned(), |cause| format!("{endpoint}: {cause}"));
            SiteResponse {
                status,
                headers,
                body: body.into(),
                steps: vec![step(outcome, reason)],
            }
        }
        Ok(None) => not_found("no such document or endpoint"),
        Err(error) => {
            let reason = error.cause().unwrap_or_else(|| error.message());
            SiteResponse {
                steps: vec![step(Outcome::Refuse, format!("{endpoint}: {reason}"))],
                ..message(error.status(), error.message())
            }
        }
    }
}

fn not_found(reason: &'static str) -> SiteResponse {
    let step = Step {
        layer: "identity".into(),
        outcome: Outcome::Refuse,
        reason: reason.into(),
        elapsed_ns: 0,
    };
    SiteResponse {
        steps: vec![step],
        ..message(404, "Not Found")
    }
}

fn message(status: u16, text: &str) -> SiteResponse {
    let mut headers = HeaderList::new();
    headers.push("content-type", "application/json");
    let body = serde_json::json!({ "message": text }).to_string();
    SiteResponse {
        status,
        headers,
        body: Bytes::from(body),
        steps: Vec::new(),
    }
}
