//! `GetRoutes` lists routes.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-routes.html>

use serde_json::Value;

use super::{api, http_apis, wanted, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::input::arn,
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetRoutes",
    route: Some(Route {
        method: "GET",
        path: "/v2/apis/{apiId}/routes",
        query: &["maxResults", "nextToken"],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/apis/{apiId}/routes"),
    },
    members: &["apiId", "maxResults", "nextToken"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let listed = http_apis(call).routes(&api(call), &wanted(call)?).await?;
    Ok(wire::list(&listed, wire::route))
}
