//! `RemovePermission`: takes a permission back.
//! <https://docs.aws.amazon.com/lambda/latest/api/API_RemovePermission.html>

use serde_json::Value;

use super::{functions, name, on_function};
use crate::operation::{AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "RemovePermission",
    route: Some(Route {
        method: "DELETE",
        path: "/2015-03-31/functions/{FunctionName}/policy/{StatementId}",
        query: &["Qualifier", "RevisionId"],
        status: 204,
    }),
    access: on_function("lambda:RemovePermission"),
    members: &["FunctionName", "StatementId", "Qualifier", "RevisionId"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let sid = call.text("StatementId").unwrap_or_default();
    functions(call)
        .remove_statement(&name(call)?, call.text("RevisionId"), sid)
        .await?;
    Ok(Value::Null)
}
