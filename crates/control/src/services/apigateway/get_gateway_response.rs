//! `GetGatewayResponse` returns a gateway response, customised or not.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetGatewayResponse.html>

use serde_json::Value;

use super::{api, apis, arn, label, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetGatewayResponse",
    route: Some(Route {
        method: "GET",
        path: "/restapis/{restapi_id}/gatewayresponses/{response_type}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/restapis/{restapi_id}/gatewayresponses/{response_type}"),
    },
    members: &["restapi_id", "response_type"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let found = apis(call)
        .gateway_response(&api(call), label(call, "response_type"))
        .await?;
    Ok(wire::gateway_response(&found))
}
