//! `GetFunction`: returns a function; its code stays here.
//! <https://docs.aws.amazon.com/lambda/latest/api/API_GetFunction.html>

use serde_json::{Value, json};

use super::{functions, name, on_function, wire};
use crate::operation::{AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetFunction",
    route: Some(Route {
        method: "GET",
        path: "/2015-03-31/functions/{FunctionName}",
        query: &["Qualifier"],
        status: 200,
    }),
    access: on_function("lambda:GetFunction"),
    members: &["FunctionName", "Qualifier"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let function = functions(call).read(&name(call)?).await?.value;
    Ok(json!({
        "Configuration": wire::configuration(call, &function)?,
        // AWS gives a link to the package as well; there is no bucket of ours to link to.
        "Code": {"RepositoryType": "S3"},
    }))
}
