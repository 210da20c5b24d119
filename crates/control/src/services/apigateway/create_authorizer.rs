//! `CreateAuthorizer` makes an authorizer.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_CreateAuthorizer.html>

use serde_json::Value;

use super::{api, apis, arn, body, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "CreateAuthorizer",
    route: Some(Route {
        method: "POST",
        path: "/restapis/{restapi_id}/authorizers",
        query: &[],
        status: 201,
    }),
    access: Access::Signed {
        action: "apigateway:POST",
        resource: |call| arn(call, "/restapis/{restapi_id}/authorizers"),
    },
    members: &[
        "restapi_id",
        "name",
        "type",
        "providerARNs",
        "authType",
        "authorizerUri",
        "authorizerCredentials",
        "identitySource",
        "identityValidationExpression",
        "authorizerResultTtlInSeconds",
        "jwtConfiguration",
    ],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    Ok(wire::plain(
        &apis(call).create_authorizer(&api(call), body(call)?).await?,
    ))
}
