//! `GetPolicy`: returns who may invoke a function.
//! <https://docs.aws.amazon.com/lambda/latest/api/API_GetPolicy.html>

use serde_json::{Value, json};

use super::{functions, name, on_function};
use crate::operation::{AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetPolicy",
    route: Some(Route {
        method: "GET",
        path: "/2015-03-31/functions/{FunctionName}/policy",
        query: &["Qualifier"],
        status: 200,
    }),
    access: on_function("lambda:GetPolicy"),
    members: &["FunctionName", "Qualifier"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let function = functions(call).read(&name(call)?).await?.value;
    let policy = function.policy().ok_or_else(|| {
        AwsError::new(
            "ResourceNotFoundException",
            404,
            "The resource you requested does not exist.",
        )
    })?;
    Ok(json!({ "Policy": policy, "RevisionId": function.revision_id }))
}
