//! `GetFunctionConfiguration`: returns how a function runs.
//! <https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html>

use serde_json::Value;

use super::{functions, name, on_function, wire};
use crate::operation::{AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetFunctionConfiguration",
    route: Some(Route {
        method: "GET",
        path: "/2015-03-31/functions/{FunctionName}/configuration",
        query: &["Qualifier"],
        status: 200,
    }),
    access: on_function("lambda:GetFunctionConfiguration"),
    members: &["FunctionName", "Qualifier"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let function = functions(call).read(&name(call)?).await?.value;
    wire::configuration(call, &function)
}
