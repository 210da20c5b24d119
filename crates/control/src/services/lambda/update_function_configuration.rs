//! `UpdateFunctionConfiguration`: changes how a function runs.
//! <https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionConfiguration.html>

use serde_json::Value;

use super::{
    check_role, functions, name, on_function,
    settings::{self, FunctionSettings},
    wire,
};
use crate::operation::{AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "UpdateFunctionConfiguration",
    route: Some(Route {
        method: "PUT",
        path: "/2015-03-31/functions/{FunctionName}/configuration",
        query: &[],
        status: 200,
    }),
    access: on_function("lambda:UpdateFunctionConfiguration"),
    members: &[
        "FunctionName",
        "Runtime",
        "Role",
        "Handler",
        "Description",
        "Timeout",
        "MemorySize",
        "Environment",
        "RevisionId",
    ],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    check_role(call).await?;
    let revision = settings::text(call.input, "RevisionId")?;
    let changed = FunctionSettings::read(call.input)?;
    let function = functions(call)
        .change(&name(call)?, revision.as_deref(), changed, None)
        .await?;
    wire::configuration(call, &function)
}
