//! `CreateModel` makes a model.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_CreateModel.html>

use serde_json::Value;

use super::{api, apis, arn, body, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "CreateModel",
    route: Some(Route {
        method: "POST",
        path: "/restapis/{restapi_id}/models",
        query: &[],
        status: 201,
    }),
    access: Access::Signed {
        action: "apigateway:POST",
        resource: |call| arn(call, "/restapis/{restapi_id}/models"),
    },
    members: &["restapi_id", "name", "description", "schema", "contentType"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    Ok(wire::plain(
        &apis(call).create_model(&api(call), body(call)?).await?,
    ))
}
