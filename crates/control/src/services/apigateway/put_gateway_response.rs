//! `PutGatewayResponse` customises a gateway response.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_PutGatewayResponse.html>

use serde_json::Value;

use super::{api, apis, arn, body, label, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "PutGatewayResponse",
    route: Some(Route {
        method: "PUT",
        path: "/restapis/{restapi_id}/gatewayresponses/{response_type}",
        query: &[],
        status: 201,
    }),
    access: Access::Signed {
        action: "apigateway:PUT",
        resource: |call| arn(call, "/restapis/{restapi_id}/gatewayresponses/{response_type}"),
    },
    members: &[
        "restapi_id",
        "response_type",
        "statusCode",
        "responseParameters",
        "responseTemplates",
    ],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (api, kind) = (api(call), label(call, "response_type"));
    let response = apis(call).put_gateway_response(&api, kind, body(call)?).await?;
    Ok(wire::gateway_response(&(response, false)))
}
