//! `UpdateGatewayResponse` changes a gateway response by patch operations.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateGatewayResponse.html>

use serde_json::Value;

use super::{api, apis, arn, label, patch, patches, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::records::gateway_response::GatewayResponseSettings,
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "UpdateGatewayResponse",
    route: Some(Route {
        method: "PATCH",
        path: "/restapis/{restapi_id}/gatewayresponses/{response_type}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:PATCH",
        resource: |call| arn(call, "/restapis/{restapi_id}/gatewayresponses/{response_type}"),
    },
    members: &["restapi_id", "response_type", "patchOperations"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (apis, api, kind) = (apis(call), api(call), label(call, "response_type"));
    let present = GatewayResponseSettings::of(&apis.gateway_response(&api, kind).await?.0);
    let settings = patch::apply(&present, &patches(call)?, patch::GATEWAY_RESPONSE)?;
    let response = apis.put_gateway_response(&api, kind, settings).await?;
    Ok(wire::gateway_response(&(response, false)))
}
