//! `CreateResource` makes a path under another.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_CreateResource.html>

use portcullis_model::ResourceId;
use serde_json::Value;

use super::{api, apis, arn, label, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "CreateResource",
    route: Some(Route {
        method: "POST",
        path: "/restapis/{restapi_id}/resources/{parent_id}",
        query: &[],
        status: 201,
    }),
    access: Access::Signed {
        action: "apigateway:POST",
        resource: |call| arn(call, "/restapis/{restapi_id}/resources/{parent_id}"),
    },
    members: &["restapi_id", "parent_id", "pathPart"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let parent = ResourceId::from(label(call, "parent_id"));
    let resource = apis(call)
        .create_resource(&api(call), &parent, label(call, "pathPart"))
        .await?;
    Ok(wire::resource(&resource, false))
}
