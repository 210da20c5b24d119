//! `DeleteResource` deletes a path and the paths below it.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteResource.html>

use portcullis_model::ResourceId;
use serde_json::Value;

use super::{api, apis, arn, label, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "DeleteResource",
    route: Some(Route {
        method: "DELETE",
        path: "/restapis/{restapi_id}/resources/{resource_id}",
        query: &[],
        status: 202,
    }),
    access: Access::Signed {
        action: "apigateway:DELETE",
        resource: |call| arn(call, "/restapis/{restapi_id}/resources/{resource_id}"),
    },
    members: &["restapi_id", "resource_id"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let id = ResourceId::from(label(call, "resource_id"));
    apis(call).delete_resource(&api(call), &id).await?;
    Ok(wire::nothing())
}
