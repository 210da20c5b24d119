//! Functions, as the gateway calls them: those that the operator has bound to HTTP endpoints.

use std::sync::Arc;

use portcullis_functions::{Call, Endpoints, Failure};
use portcullis_gateway::ports::{FunctionAnswer, FunctionFailure, Functions, Invocation, Invoked};

/// Every function that integrations and authorizers may invoke.
pub(super) struct ServerFunctions {
    /// An endpoint stands for its function, whoever may call: the operator has bound it.
    pub(super) endpoints: Arc<Endpoints>,
}

impl Functions for ServerFunctions {
    fn invoke(&self, invocation: Invocation) -> Invoked {
        let endpoints = Arc::clone(&self.endpoints);
        Box::pin(async move {
            let call = Call {
                function_arn: invocation.function_arn,
                payload: invocation.payload,
                timeout: invocation.timeout,
            };
            match endpoints.invoke(call).await {
                Ok(answer) => Ok(FunctionAnswer {
                    payload: answer.payload,
                    error: answer.error,
                }),
                Err(failure) => Err(told(failure)),
            }
        })
    }
}

fn told(failure: Failure) -> FunctionFailure {
    match failure {
        Failure::NotFound(arn) => FunctionFailure::NotFound(arn),
        Failure::TimedOut => FunctionFailure::TimedOut,
        Failure::Throttled(cause) => FunctionFailure::Throttled(cause),
        Failure::PayloadTooLarge => FunctionFailure::Unreachable(failure.to_string()),
        Failure::Unreachable(cause) => FunctionFailure::Unreachable(cause),
    }
}
