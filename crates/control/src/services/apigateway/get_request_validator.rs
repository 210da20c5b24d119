//! `GetRequestValidator` returns a request validator.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetRequestValidator.html>

use serde_json::Value;

use super::{api, apis, arn, label, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetRequestValidator",
    route: Some(Route {
        method: "GET",
        path: "/restapis/{restapi_id}/requestvalidators/{requestvalidator_id}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
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
    let id = label(call, "requestvalidator_id");
    let validator = apis(call).request_validator(&api(call), id).await?.value;
    Ok(wire::plain(&validator))
}
