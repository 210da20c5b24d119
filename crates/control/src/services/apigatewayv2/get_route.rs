//! `GetRoute` tells of a route.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-routes-routeid.html>

use serde_json::Value;

use super::{api, http_apis, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::input::{arn, label},
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetRoute",
    route: Some(Route {
        method: "GET",
        path: "/v2/apis/{apiId}/routes/{routeId}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/apis/{apiId}/routes/{routeId}"),
    },
    members: &["apiId", "routeId"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let kept = http_apis(call).route(&api(call), label(call, "routeId")).await?;
    Ok(wire::route(&kept.value))
}
