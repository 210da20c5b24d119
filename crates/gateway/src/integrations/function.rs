//! The function behind an integration: found in its URI, invoked through the port, its failures turned into refusals.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-integrations.html>

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use bytes::Bytes;
use portcullis_model::{Problem, arn::Arn, resources::apigateway::Integration as IntegrationModel};

use super::http_proxy::check_timeout;
use crate::{
    decision::shown,
    exchange::Exchange,
    gateway::Worker,
    mapping::uri::resolve_variables,
    ports::{FUNCTION_PAYLOAD_BYTES_MAX, FunctionAnswer, FunctionFailure, Invocation},
    refusal::{Refusal, RefusalKind},
};

/// A function, ready to invoke.
pub(crate) struct Function {
    arn: Arc<str>,
    timeout: Duration,
    pub(crate) reason: Arc<str>,
}

/// `arn:aws:apigateway:{region}:{service}:{rest}`, the URI of an integration with AWS.
pub(crate) struct AwsUri<'a> {
    pub(crate) service: &'a str,
    /// `path/…` or `action/…`.
    pub(crate) rest: &'a str,
}

impl<'a> AwsUri<'a> {
    /// Takes the URI apart.
    pub(crate) fn parse(uri: &'a str) -> Option<Self> {
        let mut parts = uri.splitn(6, ':');
        let mut next = || parts.next();
        let (scheme, partition, service) = (next()?, next()?, next()?);
        let (region, target, rest) = (next()?, next()?, next()?);
        let plain = scheme == "arn" && partition.starts_with("aws") && service == "apigateway";
        (plain && !region.is_empty() && !target.is_empty() && !rest.is_empty()).then_some(Self {
            service: target,
            rest,
        })
    }
}

/// Returns the ARN of the function that `uri` names, stage variables filled in; the error says what is wrong.
pub(crate) fn function_arn(uri: &str, variables: &BTreeMap<String, String>) -> Result<Arc<str>, String> {
    let uri = resolve_variables(uri, variables)?;
    let expected = || {
        format!(
            "`{uri}` names no function: expected \
             `arn:aws:apigateway:REGION:lambda:path/2015-03-31/functions/FUNCTION-ARN/invocations`"
        )
    };
    let parts = AwsUri::parse(&uri)
        .filter(|parts| parts.service == "lambda")
        .ok_or_else(expected)?;
    let arn = parts
        .rest
        .strip_prefix("path/2015-03-31/functions/")
        .and_then(|rest| rest.strip_suffix("/invocations"))
        .ok_or_else(expected)?;
    let named = |arn: &Arn| {
        let name = arn.resource.strip_prefix("function:").unwrap_or_default();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_:$".contains(&byte);
        arn.service == "lambda" && !name.is_empty() && name.bytes().all(plain)
    };
    match arn.parse::<Arn>() {
        Ok(parsed) if named(&parsed) => Ok(arn.into()),
        _ => Err(expected()),
    }
}

impl Function {
    /// Compiles the function that `integration` names.
    pub(crate) fn compile(
        integration: &IntegrationModel,
        variables: &BTreeMap<String, String>,
        path: &str,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let before = problems.len();
        let mut refuse = |field: &str, message: String| {
            let path = format!("{path}: integration/{field}");
            problems.push(Problem::error(None, path, message));
        };
        // AWS lets the method be deployed and answers 500 to every call.
        match integration.http_method.as_deref() {
            Some("POST") => {}
            other => refuse(
                "httpMethod",
                format!(
                    "functions are invoked with `POST`, not `{}`",
                    other.unwrap_or_default()
                ),
            ),
        }
        if integration.credentials.is_some() {
            let message = "a function's own policy says who may invoke it: leave the credentials out and add a permission";
            refuse("credentials", message.into());
        }
        let timeout = check_timeout(integration.timeout_ms)
            .map_err(|message| refuse("timeoutInMillis", message))
            .ok();
        let uri = integration.uri.as_deref().unwrap_or_default();
        let arn = function_arn(uri, variables)
            .map_err(|message| refuse("uri", message))
            .ok();
        if problems.len() > before {
            return None;
        }
        let arn = arn?;
        let name = arn.rsplit(":function:").next().unwrap_or(&arn);
        Some(Self {
            reason: format!("answered by the function `{name}`").into(),
            timeout: timeout?,
            arn,
        })
    }

    /// Invokes it with the event `payload` and waits.
    pub(crate) async fn invoke(
        &self,
        exchange: &Exchange,
        payload: Bytes,
        worker: &Worker,
    ) -> Result<FunctionAnswer, Refusal> {
        if payload.len() > FUNCTION_PAYLOAD_BYTES_MAX {
            return Err(Refusal::new(
                RefusalKind::RequestTooLarge,
                format!("the event has more than {FUNCTION_PAYLOAD_BYTES_MAX} bytes"),
            ));
        }
        let invocation = Invocation {
            function_arn: Arc::clone(&self.arn),
            source_arn: source_arn(exchange)?,
            source_account: exchange
                .stage()
                .map_or_else(|| "".into(), |stage| stage.scope.account.as_str().into()),
            payload,
            timeout: self.timeout,
        };
        let invoked = worker.functions().invoke(invocation);
        match tokio::time::timeout(self.timeout, invoked).await {
            Ok(Ok(answer)) => Ok(answer),
            Ok(Err(failure)) => Err(refusal(&failure)),
            Err(_elapsed) => Err(refusal(&FunctionFailure::TimedOut)),
        }
    }
}

/// `arn:aws:execute-api:{region}:{account}:{api}/{stage}/{method}{resource path}`, as function policies name methods.
pub(super) fn source_arn(exchange: &Exchange) -> Result<String, Refusal> {
    let missing = || Refusal::new(RefusalKind::Internal, "no stage was found before it was needed");
    let stage = exchange.stage().ok_or_else(missing)?;
    let method = String::from_utf8_lossy(&exchange.request().method);
    let path = &exchange.method()?.resource_path;
    // The route `$default` has neither method nor path.
    let called = if path.starts_with('/') {
        format!("{method}{path}")
    } else {
        path.to_string()
    };
    Ok(format!(
        "arn:aws:execute-api:{}:{}:{}/{}/{called}",
        stage.scope.region, stage.scope.account, stage.api_id, stage.stage_name,
    ))
}

/// AWS answers 500 where a function is missing or does not let the API in; the trail says which.
fn refusal(failure: &FunctionFailure) -> Refusal {
    let kind = match failure {
        FunctionFailure::NotFound(_) | FunctionFailure::NotPermitted(_) => RefusalKind::ApiConfigurationError,
        FunctionFailure::TimedOut => RefusalKind::IntegrationTimeout,
        // What AWS answers where a function is throttled is told in several ways; none says 429.
        FunctionFailure::Throttled(_) => RefusalKind::Internal,
        FunctionFailure::Unreachable(_) => RefusalKind::IntegrationFailure,
    };
    Refusal::new(kind, failure.to_string())
}

/// Returns the `errorMessage` of what a failed function said, for the trail or for patterns.
pub(crate) fn error_message(payload: &[u8]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(payload).ok()?;
    Some(value.get("errorMessage")?.as_str()?.to_owned())
}

/// Says for the trail that a function failed.
pub(crate) fn failed(payload: &[u8]) -> String {
    let said = error_message(payload).unwrap_or_default();
    format!("the function failed: {}", shown(&said))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn function_is_found_in_the_uri() {
        let variables = BTreeMap::from([("f".to_owned(), "orders".to_owned())]);
        let of = |uri: &str| function_arn(uri, &variables);
        let arn = "arn:aws:lambda:us-east-1:000000000000:function:orders";
        let uri = |arn: &str| {
            format!("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{arn}/invocations")
        };
        assert_eq!(of(&uri(arn)).unwrap().as_ref(), arn);
        assert_eq!(
            of(&uri(&arn.replace("orders", "${stageVariables.f}")))
                .unwrap()
                .as_ref(),
            arn
        );
        assert!(of(&uri(&format!("{arn}:live"))).is_ok());
        for wrong in [
            String::new(),
            "http://example.com".into(),
            arn.into(),
            uri("orders"),
            uri("arn:aws:lambda:us-east-1:000000000000:function:"),
            uri("arn:aws:lambda:us-east-1:000000000000:function:a/../b"),
            uri("arn:aws:s3:us-east-1:000000000000:function:orders"),
            uri(arn).replace(":lambda:path", ":s3:path"),
            uri(arn).replace("/invocations", ""),
            uri(arn).replace("2015-03-31", "2014-11-13"),
            uri(&arn.replace("orders", "${stageVariables.none}")),
            uri(&arn.replace("orders", "${stageVariables.f")),
        ] {
            assert!(of(&wrong).is_err(), "{wrong}");
        }
    }
}
