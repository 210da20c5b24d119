//! `DeleteFunction`: deletes a function with its code and its policy.
//! <https://docs.aws.amazon.com/lambda/latest/api/API_DeleteFunction.html>

use serde_json::Value;

use super::{functions, name, on_function};
use crate::operation::{AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "DeleteFunction",
    route: Some(Route {
        method: "DELETE",
        path: "/2015-03-31/functions/{FunctionName}",
        query: &["Qualifier"],
        status: 204,
    }),
    access: on_function("lambda:DeleteFunction"),
    members: &["FunctionName", "Qualifier"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    functions(call).delete(&name(call)?).await?;
    Ok(Value::Null)
}
