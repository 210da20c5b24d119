//! `GetGatewayResponses` lists the gateway responses of an API, customised or not.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetGatewayResponses.html>

use serde_json::Value;

use super::{api, apis, arn, numbered, wanted, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetGatewayResponses",
    route: Some(Route {
        method: "GET",
        path: "/restapis/{restapi_id}/gatewayresponses",
        query: &["limit", "position"],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/restapis/{restapi_id}/gatewayresponses"),
    },
    members: &["restapi_id", "limit", "position"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let items = apis(call).gateway_responses(&api(call)).await?;
    Ok(wire::list(
        &numbered(items, &wanted(call)?),
        wire::gateway_response,
    ))
}
