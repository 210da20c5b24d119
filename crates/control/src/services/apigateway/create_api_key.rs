//! `CreateApiKey` makes an API key.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_CreateApiKey.html>

use serde_json::Value;

use super::{arn, body, plans, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "CreateApiKey",
    route: Some(Route {
        method: "POST",
        path: "/apikeys",
        query: &[],
        status: 201,
    }),
    access: Access::Signed {
        action: "apigateway:POST",
        resource: |call| arn(call, "/apikeys"),
    },
    members: &[
        "name",
        "description",
        "enabled",
        "generateDistinctId",
        "value",
        "stageKeys",
        "customerId",
        "tags",
    ],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (key, value) = plans(call).create_api_key(body(call)?).await?;
    Ok(wire::api_key(&key, Some(&value)))
}
