//! `DeleteMethodResponse` deletes a response of a method.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteMethodResponse.html>

use serde_json::Value;

use super::{apis, arn, label, method_key, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "DeleteMethodResponse",
    route: Some(Route {
        method: "DELETE",
        path: "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/responses/{status_code}",
        query: &[],
        status: 204,
    }),
    access: Access::Signed {
        action: "apigateway:DELETE",
        resource: |call| {
            arn(
                call,
                "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/responses/{status_code}",
            )
        },
    },
    members: &["restapi_id", "resource_id", "http_method", "status_code"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    apis(call)
        .delete_method_response(&method_key(call), label(call, "status_code"))
        .await?;
    Ok(wire::nothing())
}
