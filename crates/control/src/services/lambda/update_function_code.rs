//! `UpdateFunctionCode`: gives a function another deployment package.
//! <https://docs.aws.amazon.com/lambda/latest/api/API_UpdateFunctionCode.html>

use serde_json::{Value, json};

use super::{
    functions, name, on_function, refuse_publish,
    settings::{self, CodeSource, FunctionSettings},
    wire,
};
use crate::operation::{AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "UpdateFunctionCode",
    route: Some(Route {
        method: "PUT",
        path: "/2015-03-31/functions/{FunctionName}/code",
        query: &[],
        status: 200,
    }),
    access: on_function("lambda:UpdateFunctionCode"),
    members: &[
        "FunctionName",
        "ZipFile",
        "S3Bucket",
        "S3Key",
        "Publish",
        "RevisionId",
        "Architectures",
    ],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    refuse_publish(call)?;
    let architectures = json!({ "Architectures": call.input.get("Architectures") });
    let changed = FunctionSettings::read(architectures.as_object().unwrap_or(call.input))?;
    let code = CodeSource::read(call.input)?;
    let revision = settings::text(call.input, "RevisionId")?;
    let function = functions(call)
        .change(&name(call)?, revision.as_deref(), changed, Some(code))
        .await?;
    wire::configuration(call, &function)
}
