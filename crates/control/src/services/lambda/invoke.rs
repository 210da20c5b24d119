//! `Invoke`: runs a function and returns what it says.
//! <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use portcullis_functions::{Call as FunctionCall, Failure};
use portcullis_model::resources::lambda::function_arn;
use serde::de::IgnoredAny;
use serde_json::{Value, json};

use super::{functions, name, on_function, settings::invalid};
use crate::operation::{AwsError, Call, Operation, Route};

/// Longer than any function may run.
const TIME: Duration = Duration::from_secs(930);

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "Invoke",
    route: Some(Route {
        method: "POST",
        path: "/2015-03-31/functions/{FunctionName}/invocations",
        query: &["Qualifier"],
        status: 200,
    }),
    access: on_function("lambda:InvokeFunction"),
    members: &[
        "FunctionName",
        "InvocationType",
        "LogType",
        "Payload",
        "Qualifier",
    ],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let name = name(call)?;
    let arn = function_arn(call.scope, &name);
    let is_bound = call.parts.functions.is_bound(&arn);
    if !is_bound {
        functions(call).read(&name).await?;
    }
    if call.text("LogType").is_some_and(|kind| kind != "None") {
        return Err(invalid(
            "`LogType`: logs are in files of the data directory, not in answers",
        ));
    }
    match call.text("InvocationType").unwrap_or("RequestResponse") {
        "RequestResponse" => {}
        "DryRun" => return Ok(json!({ "StatusCode": 204 })),
        other => {
            return Err(invalid(format!(
                "`InvocationType`: `{other}` is not supported: use `RequestResponse` or `DryRun`"
            )));
        }
    }
    let payload = STANDARD
        .decode(call.text("Payload").unwrap_or_default())
        .unwrap_or_default();
    let payload = if payload.is_empty() {
        b"{}".to_vec()
    } else {
        payload
    };
    if let Err(cause) = serde_json::from_slice::<IgnoredAny>(&payload) {
        let message = format!("Could not parse request body into json: {cause}");
        return Err(AwsError::new("InvalidRequestContentException", 400, message));
    }
    let invoked = call.parts.functions.invoke(FunctionCall {
        function_arn: arn.into(),
        payload: payload.into(),
        timeout: TIME,
    });
    let answer = invoked.await.map_err(|failure| failed(&failure))?;
    Ok(json!({
        "StatusCode": 200,
        "ExecutedVersion": "$LATEST",
        "FunctionError": answer.error,
        "Payload": STANDARD.encode(&answer.payload),
    }))
}

fn failed(failure: &Failure) -> AwsError {
    let (code, status) = match failure {
        Failure::NotFound(_) => ("ResourceNotFoundException", 404),
        Failure::PayloadTooLarge => ("RequestTooLargeException", 413),
        Failure::Throttled(_) => ("TooManyRequestsException", 429),
        Failure::TimedOut | Failure::Unreachable(_) => ("ServiceException", 502),
    };
    AwsError::new(code, status, failure.to_string())
}
