//! `GetModel` returns a model.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetModel.html>

use serde_json::Value;

use super::{api, apis, arn, label, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetModel",
    route: Some(Route {
        method: "GET",
        path: "/restapis/{restapi_id}/models/{model_name}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/restapis/{restapi_id}/models/{model_name}"),
    },
    members: &["restapi_id", "model_name"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    Ok(wire::plain(
        &apis(call)
            .model(&api(call), label(call, "model_name"))
            .await?
            .value,
    ))
}
