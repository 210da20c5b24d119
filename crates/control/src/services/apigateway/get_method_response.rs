//! `GetMethodResponse` returns a response of a method.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetMethodResponse.html>

use serde_json::Value;

use super::{apis, arn, label, method_key, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetMethodResponse",
    route: Some(Route {
        method: "GET",
        path: "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/responses/{status_code}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
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
    let (apis, key) = (apis(call), method_key(call));
    Ok(wire::plain(
        &apis.method_response(&key, label(call, "status_code")).await?,
    ))
}
