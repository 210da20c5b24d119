//! What stands behind a method. An integration is reached with an [`Admitted`] and no other way.

pub(crate) mod aws;
pub(crate) mod forwarded;
pub(crate) mod function;
pub(crate) mod header_policy;
pub(crate) mod http;
pub(crate) mod http_proxy;
pub(crate) mod lambda_proxy;
pub(crate) mod mock;
pub(crate) mod service;
pub(crate) mod vpc_link;

use std::{
    collections::BTreeMap,
    future::{Future, ready},
    pin::Pin,
};

use portcullis_model::{
    Problem,
    resources::apigateway::{Integration as IntegrationModel, IntegrationType},
};

use crate::{
    decision::Reason,
    exchange::Exchange,
    gateway::Worker,
    http::{Body, Response},
    mapping::{
        content_handling::BinaryTypes,
        expression::AnswerParts,
        request::{Mapped, RequestMapping},
    },
    pipeline::Admitted,
    refusal::{Refusal, RefusalKind},
};

use aws::Aws;
use http_proxy::HttpProxy;
use lambda_proxy::LambdaProxy;

/// An integration, ready to call.
pub(crate) enum Integration {
    Mock,
    HttpProxy(HttpProxy),
    /// The same backend, called with what is mapped and nothing else.
    Http(HttpProxy),
    LambdaProxy(LambdaProxy),
    Aws(Aws),
}

/// What an integration says.
pub(crate) enum Answer {
    /// The status that a mock's request template chose.
    Mocked { status: u16 },
    /// A backend's answer, its headers treated already.
    Proxied(Response),
    /// What an integration response is made of.
    Integrated {
        /// What its pattern must match: the error of a function, the status of a backend; none takes the default.
        said: Option<String>,
        /// The status of a backend.
        status: Option<u16>,
        parts: AnswerParts,
    },
}

impl Answer {
    /// Returns the status that a backend or a mock gave, where it gave one.
    pub(crate) const fn status(&self) -> Option<u16> {
        match self {
            Self::Mocked { status } => Some(*status),
            Self::Proxied(response) => Some(response.status),
            Self::Integrated { status, .. } => *status,
        }
    }
}

impl Integration {
    /// Compiles `integration` and the mapping of its request; none when there are problems.
    pub(crate) fn compile(
        integration: &IntegrationModel,
        resource_path: &str,
        binary: &BinaryTypes,
        variables: &BTreeMap<String, String>,
        path: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<(Self, RequestMapping)> {
        let request = RequestMapping::compile(integration, resource_path, binary, variables, path, problems)?;
        let compiled = match &request {
            RequestMapping::Template(_) if integration.integration_type == IntegrationType::Aws => {
                Self::Aws(Aws::compile(integration, variables, path, problems)?)
            }
            RequestMapping::Template(_) => Self::Mock,
            RequestMapping::HttpProxy { call, .. } => {
                Self::HttpProxy(HttpProxy::compile(integration, call.uri(), path, problems)?)
            }
            RequestMapping::Http { call, .. } => {
                Self::Http(HttpProxy::compile(integration, call.uri(), path, problems)?)
            }
            RequestMapping::Event => Self::LambdaProxy(LambdaProxy::compile(
                integration,
                binary,
                variables,
                path,
                problems,
            )?),
        };
        Some((compiled, request))
    }
}

/// What an integration comes to.
type Outcome = Result<(Answer, Reason), Refusal>;

/// A call under way.
enum Calling<'e> {
    Proxy(&'e HttpProxy, http_proxy::Call<'e>),
    /// On the heap: what is awaited in place makes every request's state that much larger.
    Other(Pin<Box<dyn Future<Output = Outcome> + 'e>>),
}

/// Calls what stands behind the method of an admitted exchange, which is given back.
///
/// A block and not an async function, whose state would hold what it is given twice.
pub(crate) fn call<'e>(
    admitted: Admitted<'e>,
    worker: &'e Worker,
) -> impl Future<Output = (&'e mut Exchange, Outcome)> {
    let exchange = admitted.into_exchange();
    async move {
        let outcome = match &mut begin(exchange, worker) {
            Calling::Proxy(proxy, call) => proxy.call(call, worker).await,
            Calling::Other(calling) => calling.await,
        };
        (exchange, outcome)
    }
}

/// Begins the call, with what the mapping made.
fn begin<'e>(exchange: &'e mut Exchange, worker: &'e Worker) -> Calling<'e> {
    let mapped = exchange.take_mapped();
    let body = match &mapped {
        Some(Mapped::HttpProxy { .. }) => exchange.take_body(),
        _ => Body::Empty,
    };
    let exchange = &*exchange;
    let integration = match exchange.method() {
        Ok(method) => &method.backend.integration,
        Err(refusal) => return Calling::Other(Box::pin(ready(Err(refusal)))),
    };
    let calling: Pin<Box<dyn Future<Output = Outcome> + 'e>> = match (integration, mapped) {
        (
            Integration::HttpProxy(proxy),
            Some(Mapped::HttpProxy {
                path_and_query,
                headers,
            }),
        ) => {
            let call = proxy.prepare(exchange, path_and_query, headers, body, worker);
            if !proxy.is_handshake(exchange.request()) {
                return Calling::Proxy(proxy, call);
            }
            Box::pin(proxy.open(call, worker))
        }
        (Integration::Mock, Some(Mapped::Template { text, .. })) => Box::pin(ready(mock::answer(&text))),
        (Integration::Aws(aws), Some(Mapped::Template { text, .. })) => {
            Box::pin(aws.call(exchange, text, worker))
        }
        (Integration::LambdaProxy(proxy), Some(Mapped::Event)) => Box::pin(proxy.call(exchange, worker)),
        (
            Integration::Http(backend),
            Some(Mapped::Http {
                path_and_query,
                headers,
                content,
                ..
            }),
        ) => Box::pin(http::call(
            backend,
            exchange,
            path_and_query,
            headers,
            *content,
            worker,
        )),
        _ => Box::pin(ready(Err(Refusal::new(
            RefusalKind::Internal,
            "the request was mapped for another kind of integration",
        )))),
    };
    Calling::Other(calling)
}
