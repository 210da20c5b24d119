//! `DeleteMethod` deletes a method.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteMethod.html>

use serde_json::Value;

use super::{apis, arn, method_key, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "DeleteMethod",
    route: Some(Route {
        method: "DELETE",
        path: "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}",
        query: &[],
        status: 204,
    }),
    access: Access::Signed {
        action: "apigateway:DELETE",
        resource: |call| {
            arn(
                call,
                "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}",
            )
        },
    },
    members: &["restapi_id", "resource_id", "http_method"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    apis(call).delete_method(&method_key(call)).await?;
    Ok(wire::nothing())
}
