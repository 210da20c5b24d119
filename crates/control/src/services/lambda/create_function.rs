//! `CreateFunction`: makes a function of a deployment package.
//! <https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html>

use serde_json::{Map, Value};

use super::{
    check_role, functions, name, on_function, refuse_publish,
    settings::{CodeSource, FunctionSettings, invalid},
    wire,
};
use crate::operation::{AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "CreateFunction",
    route: Some(Route {
        method: "POST",
        path: "/2015-03-31/functions",
        query: &[],
        status: 201,
    }),
    access: on_function("lambda:CreateFunction"),
    members: &[
        "FunctionName",
        "Runtime",
        "Role",
        "Handler",
        "Code",
        "Description",
        "Timeout",
        "MemorySize",
        "Publish",
        "Environment",
        "Architectures",
        "PackageType",
    ],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    refuse_publish(call)?;
    if call.text("PackageType").is_some_and(|kind| kind != "Zip") {
        return Err(invalid("`PackageType`: only `Zip` is supported"));
    }
    let none = Map::new();
    let code = call.input.get("Code").and_then(Value::as_object).unwrap_or(&none);
    if let Some(unknown) = code
        .keys()
        .find(|member| !["ZipFile", "S3Bucket", "S3Key"].contains(&member.as_str()))
    {
        return Err(invalid(format!("`Code.{unknown}` is not supported")));
    }
    let (settings, code) = (FunctionSettings::read(call.input)?, CodeSource::read(code)?);
    check_role(call).await?;
    let function = functions(call).create(&name(call)?, settings, code).await?;
    wire::configuration(call, &function)
}
