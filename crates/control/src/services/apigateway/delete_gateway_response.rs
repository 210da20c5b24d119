//! `DeleteGatewayResponse` takes the customisation of a gateway response away.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteGatewayResponse.html>

use serde_json::Value;

use super::{api, apis, arn, label, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "DeleteGatewayResponse",
    route: Some(Route {
        method: "DELETE",
        path: "/restapis/{restapi_id}/gatewayresponses/{response_type}",
        query: &[],
        status: 202,
    }),
    access: Access::Signed {
        action: "apigateway:DELETE",
        resource: |call| arn(call, "/restapis/{restapi_id}/gatewayresponses/{response_type}"),
    },
    members: &["restapi_id", "response_type"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    apis(call)
        .delete_gateway_response(&api(call), label(call, "response_type"))
        .await?;
    Ok(wire::nothing())
}
