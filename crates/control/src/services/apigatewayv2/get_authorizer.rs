//! `GetAuthorizer` tells of an authorizer.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-authorizers-authorizerid.html>

use portcullis_model::AuthorizerId;
use serde_json::Value;

use super::{api, http_apis, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::input::{arn, label},
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetAuthorizer",
    route: Some(Route {
        method: "GET",
        path: "/v2/apis/{apiId}/authorizers/{authorizerId}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/apis/{apiId}/authorizers/{authorizerId}"),
    },
    members: &["apiId", "authorizerId"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let kept = http_apis(call)
        .authorizer(&api(call), &AuthorizerId::from(label(call, "authorizerId")))
        .await?;
    Ok(wire::authorizer(&kept.value))
}
