//! `DeleteRequestValidator` deletes a request validator that no method uses.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteRequestValidator.html>

use serde_json::Value;

use super::{api, apis, arn, label, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "DeleteRequestValidator",
    route: Some(Route {
        method: "DELETE",
        path: "/restapis/{restapi_id}/requestvalidators/{requestvalidator_id}",
        query: &[],
        status: 202,
    }),
    access: Access::Signed {
        action: "apigateway:DELETE",
        resource: |call| {
            arn(
                call,
                "/restapis/{restapi_id}/requestvalidators/{requestvalidator_id}",
            )
        },
    },
    members: &["restapi_id", "requestvalidator_id"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    apis(call)
        .delete_request_validator(&api(call), label(call, "requestvalidator_id"))
        .await?;
    Ok(wire::nothing())
}
