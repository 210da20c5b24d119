//! `CreateAuthorizer` makes an authorizer.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-authorizers.html>

use serde_json::Value;

use super::{api, body, http_apis, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::input::arn,
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "CreateAuthorizer",
    route: Some(Route {
        method: "POST",
        path: "/v2/apis/{apiId}/authorizers",
        query: &[],
        status: 201,
    }),
    access: Access::Signed {
        action: "apigateway:POST",
        resource: |call| arn(call, "/apis/{apiId}/authorizers"),
    },
    members: &[
        "apiId",
        "authorizerCredentialsArn",
        "authorizerPayloadFormatVersion",
        "authorizerResultTtlInSeconds",
        "authorizerType",
        "authorizerUri",
        "enableSimpleResponses",
        "identitySource",
        "identityValidationExpression",
        "jwtConfiguration",
        "name",
    ],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let settings = body(call, &["apiId"])?;
    let made = http_apis(call).create_authorizer(&api(call), settings).await?;
    Ok(wire::authorizer(&made))
}
