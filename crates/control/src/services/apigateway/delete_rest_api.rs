//! `DeleteRestApi` deletes an API with everything of it.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteRestApi.html>

use serde_json::Value;

use super::{api, apis, arn, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "DeleteRestApi",
    route: Some(Route {
        method: "DELETE",
        path: "/restapis/{restapi_id}",
        query: &[],
        status: 202,
    }),
    access: Access::Signed {
        action: "apigateway:DELETE",
        resource: |call| arn(call, "/restapis/{restapi_id}"),
    },
    members: &["restapi_id"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    apis(call).delete_rest_api(&api(call)).await?;
    Ok(wire::nothing())
}
