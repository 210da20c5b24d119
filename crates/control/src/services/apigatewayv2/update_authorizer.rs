//! `UpdateAuthorizer` changes an authorizer.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-authorizers-authorizerid.html>

use portcullis_model::AuthorizerId;
use serde_json::Value;

use super::{
    api, http_apis, members,
    records::{authorizer::AuthorizerSettings, changed},
    wire,
};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::input::{arn, label},
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "UpdateAuthorizer",
    route: Some(Route {
        method: "PATCH",
        path: "/v2/apis/{apiId}/authorizers/{authorizerId}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:PATCH",
        resource: |call| arn(call, "/apis/{apiId}/authorizers/{authorizerId}"),
    },
    members: &[
        "apiId",
        "authorizerId",
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
    let (apis, api) = (http_apis(call), api(call));
    let id = &AuthorizerId::from(label(call, "authorizerId"));
    let present = AuthorizerSettings::of(&apis.authorizer(&api, id).await?.value);
    let settings = changed(&present, &members(call, &["apiId", "authorizerId"]))?;
    let made = apis.replace_authorizer(&api, id, settings).await?;
    Ok(wire::authorizer(&made))
}
