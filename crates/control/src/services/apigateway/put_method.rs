//! `PutMethod` makes a method on a path.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_PutMethod.html>

use serde_json::Value;

use super::{apis, arn, body, method_key, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "PutMethod",
    route: Some(Route {
        method: "PUT",
        path: "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}",
        query: &[],
        status: 201,
    }),
    access: Access::Signed {
        action: "apigateway:PUT",
        resource: |call| {
            arn(
                call,
                "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}",
            )
        },
    },
    members: &[
        "restapi_id",
        "resource_id",
        "http_method",
        "authorizationType",
        "authorizerId",
        "authorizationScopes",
        "apiKeyRequired",
        "operationName",
        "requestValidatorId",
        "requestParameters",
        "requestModels",
    ],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    Ok(wire::plain(
        &apis(call).put_method(&method_key(call), body(call)?).await?,
    ))
}
