//! `CreateRequestValidator` makes a request validator.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_CreateRequestValidator.html>

use serde_json::Value;

use super::{api, apis, arn, body, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "CreateRequestValidator",
    route: Some(Route {
        method: "POST",
        path: "/restapis/{restapi_id}/requestvalidators",
        query: &[],
        status: 201,
    }),
    access: Access::Signed {
        action: "apigateway:POST",
        resource: |call| arn(call, "/restapis/{restapi_id}/requestvalidators"),
    },
    members: &[
        "restapi_id",
        "name",
        "validateRequestBody",
        "validateRequestParameters",
    ],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let validator = apis(call)
        .create_request_validator(&api(call), body(call)?)
        .await?;
    Ok(wire::plain(&validator))
}
