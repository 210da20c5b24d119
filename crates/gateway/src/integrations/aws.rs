//! `AWS`: a call of AWS made by mapping: the request template makes what is sent, an integration response what comes back.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-custom-integrations.html>. One arm for each kind
//! of call that a URI may name: its own file, an arm of [`Aws`], one of `compile` and one of `call`.

use std::collections::BTreeMap;

use bytes::Bytes;
use portcullis_model::{HeaderList, Problem, resources::apigateway::Integration as IntegrationModel};
use serde::de::IgnoredAny;

use super::{
    Answer,
    function::{self, AwsUri, Function},
    service::ServiceAction,
};
use crate::{
    decision::Reason,
    exchange::Exchange,
    gateway::Worker,
    mapping::expression::AnswerParts,
    refusal::{Refusal, RefusalKind},
};

/// Says that the caller waits for the function, which is the only way to call one.
const INVOCATION_TYPE: (&str, &str) = (
    "integration.request.header.X-Amz-Invocation-Type",
    "'RequestResponse'",
);

/// What an `AWS` integration calls.
pub(crate) enum Aws {
    /// `lambda:path/2015-03-31/functions/{arn}/invocations`
    Function(Function),
    /// `events:action/PutEvents`
    Service(ServiceAction),
}

impl Aws {
    /// Compiles what `integration` calls.
    pub(crate) fn compile(
        integration: &IntegrationModel,
        variables: &BTreeMap<String, String>,
        path: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let uri = integration.uri.as_deref().unwrap_or_default();
        match AwsUri::parse(uri) {
            Some(AwsUri {
                service: "lambda",
                rest: _,
            }) => {
                check_parameters(integration, path, problems);
                Function::compile(integration, variables, path, problems).map(Self::Function)
            }
            Some(uri) => ServiceAction::compile(integration, &uri, path, problems).map(Self::Service),
            None => {
                let message = format!(
                    "`{uri}`: expected `arn:aws:apigateway:REGION:SERVICE:action/NAME` or `…:lambda:path/…`"
                );
                problems.push(Problem::error(None, format!("{path}: integration/uri"), message));
                None
            }
        }
    }

    /// Calls it with what the request template made.
    pub(crate) async fn call(
        &self,
        exchange: &Exchange,
        text: Bytes,
        worker: &Worker,
    ) -> Result<(Answer, Reason), Refusal> {
        match self {
            Self::Function(function) => {
                let answer = invoke(function, exchange, text, worker).await?;
                Ok((answer, (&function.reason).into()))
            }
            Self::Service(action) => action.call(exchange, text, worker).await,
        }
    }
}

/// A function sees its event alone.
fn check_parameters(integration: &IntegrationModel, path: &str, problems: &mut Vec<Problem>) {
    let useless = integration.request_parameters.iter().filter(|(target, source)| {
        !(target.eq_ignore_ascii_case(INVOCATION_TYPE.0) && source.as_str() == INVOCATION_TYPE.1)
    });
    for (target, _) in useless {
        problems.push(Problem::error(
            None,
            format!("{path}: integration/requestParameters/{target}"),
            "a function sees what the request template makes and nothing else: map it there",
        ));
    }
}

async fn invoke(
    function: &Function,
    exchange: &Exchange,
    text: Bytes,
    worker: &Worker,
) -> Result<Answer, Refusal> {
    // A call without a body is a call with an empty object.
    let event = if text.is_empty() {
        Bytes::from_static(b"{}")
    } else {
        text
    };
    if serde_json::from_slice::<IgnoredAny>(&event).is_err() {
        let cause = "the event that the request template made is no JSON";
        return Err(Refusal::new(RefusalKind::BadRequestBody, cause)
            .with_message("Could not parse request body into json"));
    }
    let answer = function.invoke(exchange, event, worker).await?;
    let said = answer
        .error
        .is_some()
        .then(|| function::error_message(&answer.payload).unwrap_or_default());
    Ok(Answer::Integrated {
        said,
        status: None,
        parts: AnswerParts {
            headers: HeaderList::new(),
            body: answer.payload,
        },
    })
}
