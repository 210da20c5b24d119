//! `DeleteModel` deletes a model that no method uses.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteModel.html>

use serde_json::Value;

use super::{api, apis, arn, label, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "DeleteModel",
    route: Some(Route {
        method: "DELETE",
        path: "/restapis/{restapi_id}/models/{model_name}",
        query: &[],
        status: 202,
    }),
    access: Access::Signed {
        action: "apigateway:DELETE",
        resource: |call| arn(call, "/restapis/{restapi_id}/models/{model_name}"),
    },
    members: &["restapi_id", "model_name"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    apis(call)
        .delete_model(&api(call), label(call, "model_name"))
        .await?;
    Ok(wire::nothing())
}
