//! `CreateRestApi` makes an API with its root resource and first models.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_CreateRestApi.html>

use serde_json::Value;

use super::{apis, arn, body, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "CreateRestApi",
    route: Some(Route {
        method: "POST",
        path: "/restapis",
        query: &[],
        status: 201,
    }),
    access: Access::Signed {
        action: "apigateway:POST",
        resource: |call| arn(call, "/restapis"),
    },
    members: &[
        "name",
        "description",
        "version",
        "cloneFrom",
        "binaryMediaTypes",
        "minimumCompressionSize",
        "apiKeySource",
        "endpointConfiguration",
        "policy",
        "tags",
        "disableExecuteApiEndpoint",
        "securityPolicy",
        "endpointAccessMode",
    ],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let made = apis(call).create_rest_api(body(call)?).await?;
    Ok(wire::rest_api(&made))
}
