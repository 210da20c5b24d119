//! `DeleteAuthorizer` deletes an authorizer that no method uses.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteAuthorizer.html>

use portcullis_model::AuthorizerId;
use serde_json::Value;

use super::{api, apis, arn, label, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "DeleteAuthorizer",
    route: Some(Route {
        method: "DELETE",
        path: "/restapis/{restapi_id}/authorizers/{authorizer_id}",
        query: &[],
        status: 202,
    }),
    access: Access::Signed {
        action: "apigateway:DELETE",
        resource: |call| arn(call, "/restapis/{restapi_id}/authorizers/{authorizer_id}"),
    },
    members: &["restapi_id", "authorizer_id"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let id = AuthorizerId::from(label(call, "authorizer_id"));
    apis(call).delete_authorizer(&api(call), &id).await?;
    Ok(wire::nothing())
}
