//! `GetRestApis` lists the APIs.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetRestApis.html>

use serde_json::Value;

use super::{apis, arn, wanted, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetRestApis",
    route: Some(Route {
        method: "GET",
        path: "/restapis",
        query: &["limit", "position"],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/restapis"),
    },
    members: &["limit", "position"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let listed = apis(call).rest_apis(&wanted(call)?).await?;
    Ok(wire::list(&listed, wire::rest_api))
}
