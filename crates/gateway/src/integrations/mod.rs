//! What stands behind a method. An integration is reached with an [`Admitted`] and no other way.

pub(crate) mod header_policy;
pub(crate) mod http_proxy;
pub(crate) mod mock;

use std::collections::BTreeMap;

use portcullis_model::{
    Problem,
    resources::apigateway::{Integration as IntegrationModel, IntegrationType},
};

use crate::{
    decision::Reason,
    exchange::Exchange,
    gateway::Worker,
    http::Response,
    mapping::request::{Mapped, RequestMapping},
    pipeline::Admitted,
    refusal::{Refusal, RefusalKind},
};

use http_proxy::HttpProxy;

/// An integration, ready to call.
pub(crate) enum Integration {
    Mock,
    HttpProxy(HttpProxy),
}

/// What an integration says.
pub(crate) enum Answer {
    /// The status that a mock's request template chose.
    Mocked { status: u16 },
    /// A backend's answer, its headers treated already.
    Proxied(Response),
}

impl Integration {
    /// Compiles `integration` and the mapping of its request; none when there are problems.
    pub(crate) fn compile(
        integration: &IntegrationModel,
        resource_path: &str,
        variables: &BTreeMap<String, String>,
        path: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<(Self, RequestMapping)> {
        let mut refuse = |field: &str, message: &str| {
            problems.push(Problem::error(
                None,
                format!("{path}: integration/{field}"),
                message,
            ));
        };
        if integration.content_handling.is_some() {
            refuse("contentHandling", "content handling is not supported yet");
        }
        match integration.integration_type {
            IntegrationType::Mock | IntegrationType::HttpProxy => {}
            IntegrationType::Http | IntegrationType::Aws | IntegrationType::AwsProxy => {
                refuse("type", "only `MOCK` and `HTTP_PROXY` are supported yet");
                return None;
            }
        }
        let request = RequestMapping::compile(integration, resource_path, variables, path, problems)?;
        let compiled = match &request {
            RequestMapping::Mock { .. } => Self::Mock,
            RequestMapping::HttpProxy { uri, .. } => {
                Self::HttpProxy(HttpProxy::compile(integration, uri, path, problems)?)
            }
        };
        Some((compiled, request))
    }
}

/// Calls what stands behind the method of an admitted exchange.
pub(crate) async fn call(
    admitted: Admitted,
    worker: &Worker,
) -> (Box<Exchange>, Result<(Answer, Reason), Refusal>) {
    let (mut exchange, method, mapped) = admitted.into_parts();
    let answer = match (&method.backend.integration, mapped) {
        (Integration::Mock, Mapped::Mock { text }) => mock::answer(&text),
        (
            Integration::HttpProxy(proxy),
            Mapped::HttpProxy {
                path_and_query,
                headers,
            },
        ) => proxy.call(&mut exchange, &path_and_query, headers, worker).await,
        _ => Err(Refusal::new(
            RefusalKind::Internal,
            "the request was mapped for another kind of integration",
        )),
    };
    (exchange, answer)
}
