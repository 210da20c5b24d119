//! `UpdateRoute` changes a route.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-routes-routeid.html>

use serde_json::Value;

use super::{
    api, http_apis, members,
    records::{changed, route::RouteSettings},
    wire,
};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::input::{arn, label},
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "UpdateRoute",
    route: Some(Route {
        method: "PATCH",
        path: "/v2/apis/{apiId}/routes/{routeId}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:PATCH",
        resource: |call| arn(call, "/apis/{apiId}/routes/{routeId}"),
    },
    members: &[
        "apiId",
        "routeId",
        "routeKey",
        "apiKeyRequired",
        "authorizationScopes",
        "authorizationType",
        "authorizerId",
        "operationName",
        "target",
    ],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (apis, api) = (http_apis(call), api(call));
    let id = label(call, "routeId");
    let present = RouteSettings::of(&apis.route(&api, id).await?.value);
    let settings = changed(&present, &members(call, &["apiId", "routeId"]))?;
    let made = apis.replace_route(&api, id, settings).await?;
    Ok(wire::route(&made))
}
