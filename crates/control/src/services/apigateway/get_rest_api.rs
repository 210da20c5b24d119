//! `GetRestApi` returns an API.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetRestApi.html>

use serde_json::Value;

use super::{api, apis, arn, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetRestApi",
    route: Some(Route {
        method: "GET",
        path: "/restapis/{restapi_id}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/restapis/{restapi_id}"),
    },
    members: &["restapi_id"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    Ok(wire::rest_api(&apis(call).rest_api(&api(call)).await?.value))
}
