//! `GetAuthorizer` returns an authorizer.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetAuthorizer.html>

use portcullis_model::AuthorizerId;
use serde_json::Value;

use super::{api, apis, arn, label, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetAuthorizer",
    route: Some(Route {
        method: "GET",
        path: "/restapis/{restapi_id}/authorizers/{authorizer_id}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/restapis/{restapi_id}/authorizers/{authorizer_id}"),
    },
    members: &["restapi_id", "authorizer_id"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let id = AuthorizerId::from(label(call, "authorizer_id"));
    Ok(wire::plain(&apis(call).authorizer(&api(call), &id).await?.value))
}
