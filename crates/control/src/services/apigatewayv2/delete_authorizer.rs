//! `DeleteAuthorizer` deletes an authorizer.
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
    name: "DeleteAuthorizer",
    route: Some(Route {
        method: "DELETE",
        path: "/v2/apis/{apiId}/authorizers/{authorizerId}",
        query: &[],
        status: 204,
    }),
    access: Access::Signed {
        action: "apigateway:DELETE",
        resource: |call| arn(call, "/apis/{apiId}/authorizers/{authorizerId}"),
    },
    members: &["apiId", "authorizerId"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    http_apis(call)
        .delete_authorizer(&api(call), &AuthorizerId::from(label(call, "authorizerId")))
        .await?;
    Ok(wire::nothing())
}
