//! An action of a service of ours behind an `AWS` integration, called in the name of the integration's role.
//!
//! `arn:aws:apigateway:{region}:events:action/PutEvents`; the template makes the call's input, and an integration response is
//! chosen by the status of the answer, the service's refusals included.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_Integration.html>

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use portcullis_model::{Problem, arn::Arn, resources::apigateway::Integration as IntegrationModel};

use super::{
    Answer,
    function::{AwsUri, source_arn},
    http_proxy::check_timeout,
};
use crate::{
    decision::Reason,
    exchange::Exchange,
    gateway::Worker,
    mapping::expression::AnswerParts,
    ports::{ServiceCall, ServiceFailure},
    refusal::{Refusal, RefusalKind},
};

/// The longest input that a template may make, in bytes.
const INPUT_BYTES_MAX: usize = 1 << 20;

/// An action, ready to call.
pub(crate) struct ServiceAction {
    service: Arc<str>,
    action: Arc<str>,
    role_arn: Arc<str>,
    timeout: Duration,
}

impl ServiceAction {
    /// Compiles the action that `uri` names.
    pub(crate) fn compile(
        integration: &IntegrationModel,
        uri: &AwsUri<'_>,
        path: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let before = problems.len();
        let mut refuse = |field: &str, message: String| {
            let path = format!("{path}: integration/{field}");
            problems.push(Problem::error(None, path, message));
        };
        let word = |text: &&str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        let action = uri.rest.strip_prefix("action/").filter(word);
        if action.is_none() {
            let message = format!("`{}` of `{}`: expected `action/NAME`", uri.rest, uri.service);
            refuse("uri", message);
        }
        match integration.http_method.as_deref() {
            Some("POST") => {}
            other => refuse(
                "httpMethod",
                format!(
                    "actions are called with `POST`, not `{}`",
                    other.unwrap_or_default()
                ),
            ),
        }
        let role = integration.credentials.as_deref().filter(|arn| is_role(arn));
        if role.is_none() {
            let message = "the ARN of the role is needed in whose name the action is called";
            refuse("credentials", message.into());
        }
        let timeout = check_timeout(integration.timeout_ms)
            .map_err(|message| refuse("timeoutInMillis", message))
            .ok();
        check_parameters(
            &integration.request_parameters,
            action.unwrap_or_default(),
            &mut refuse,
        );
        if problems.len() > before {
            return None;
        }
        Some(Self {
            service: uri.service.into(),
            action: action?.into(),
            role_arn: role?.into(),
            timeout: timeout?,
        })
    }

    /// Calls it with what the request template made.
    pub(crate) async fn call(
        &self,
        exchange: &Exchange,
        input: Bytes,
        worker: &Worker,
    ) -> Result<(Answer, Reason), Refusal> {
        if input.len() > INPUT_BYTES_MAX {
            let cause = format!("the template made more than {INPUT_BYTES_MAX} bytes");
            return Err(Refusal::new(RefusalKind::RequestTooLarge, cause));
        }
        let stage = exchange
            .stage()
            .ok_or_else(|| Refusal::new(RefusalKind::Internal, "no stage was found before it was needed"))?;
        let call = ServiceCall {
            scope: stage.scope.clone(),
            service: Arc::clone(&self.service),
            action: Arc::clone(&self.action),
            role_arn: Arc::clone(&self.role_arn),
            source_arn: source_arn(exchange)?,
            request_id: exchange.request_id(),
            body: input,
        };
        let called = tokio::time::timeout(self.timeout, worker.services().call(call));
        let answer = match called.await {
            Ok(Ok(answer)) => answer,
            Ok(Err(failure)) => return Err(refusal(&failure)),
            Err(_elapsed) => {
                let cause = format!("`{}` of `{}` did not answer in time", self.action, self.service);
                return Err(Refusal::new(RefusalKind::IntegrationTimeout, cause));
            }
        };
        let reason = format!(
            "`{}` of `{}` answered {}: {}",
            self.action, self.service, answer.status, answer.decisions
        );
        let answer = Answer::Integrated {
            said: Some(answer.status.to_string()),
            status: Some(answer.status),
            parts: AnswerParts {
                headers: answer.headers,
                body: answer.body,
            },
        };
        Ok((answer, reason.into()))
    }
}

/// AWS answers 500 where it cannot take on the role; the trail says why.
fn refusal(failure: &ServiceFailure) -> Refusal {
    let kind = match failure {
        ServiceFailure::NotAssumed(_) => RefusalKind::ApiConfigurationError,
        ServiceFailure::Failed(_) => RefusalKind::IntegrationFailure,
    };
    Refusal::new(kind, failure.to_string())
}

fn is_role(arn: &str) -> bool {
    let parsed = arn.parse::<Arn>().ok();
    parsed.is_some_and(|arn| {
        let name = arn.resource.strip_prefix("role/").unwrap_or_default();
        arn.service == "iam" && !name.is_empty() && !name.contains('*')
    })
}

/// Templates for AWS set the headers that name the call. They are known already: they must say the same.
fn check_parameters(
    parameters: &BTreeMap<String, String>,
    action: &str,
    refuse: &mut dyn FnMut(&str, String),
) {
    for (target, source) in parameters {
        let header = target
            .strip_prefix("integration.request.header.")
            .unwrap_or_default();
        let fixed = source.strip_prefix('\'').and_then(|rest| rest.strip_suffix('\''));
        let fits = match header.to_ascii_lowercase().as_str() {
            "x-amz-target" => fixed
                .and_then(|target| target.rsplit_once('.'))
                .is_some_and(|(_, named)| named == action),
            "content-type" => matches!(
                fixed,
                Some("application/x-amz-json-1.1" | "application/x-amz-json-1.0" | "application/json")
            ),
            _ => false,
        };
        if !fits {
            let message = format!(
                "only `X-Amz-Target` with this action and `Content-Type` with `'application/x-amz-json-1.1'` go along with a call of `{action}`"
            );
            refuse(&format!("requestParameters/{target}"), message);
        }
    }
}
