//! Every function that can be invoked: bound to an endpoint, or local. A binding wins, so that a function that is
//! deployed can be run in a debugger.

use crate::{Answer, Call, Endpoints, Failure, local::LocalFunctions};

/// Where functions run. The default knows none.
#[derive(Default)]
pub struct Functions {
    pub endpoints: Option<Endpoints>,
    /// None where local functions are off.
    pub local: Option<LocalFunctions>,
}

impl Functions {
    /// Tells whether an endpoint answers for the function.
    pub fn is_bound(&self, function_arn: &str) -> bool {
        self.endpoints
            .as_ref()
            .is_some_and(|endpoints| endpoints.answers_for(function_arn))
    }

    /// Invokes a function and waits for its answer.
    pub async fn invoke(&self, call: Call) -> Result<Answer, Failure> {
        match (&self.endpoints, &self.local) {
            (Some(endpoints), _) if endpoints.answers_for(&call.function_arn) => endpoints.invoke(call).await,
            (_, Some(local)) => local.invoke(call).await,
            (_, None) => Err(Failure::NotFound(call.function_arn.to_string())),
        }
    }
}
