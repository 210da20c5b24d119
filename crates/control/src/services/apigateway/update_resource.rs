//! `UpdateResource` moves or renames a path.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateResource.html>

use portcullis_model::ResourceId;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{api, apis, arn, label, patch, patches, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "UpdateResource",
    route: Some(Route {
        method: "PATCH",
        path: "/restapis/{restapi_id}/resources/{resource_id}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:PATCH",
        resource: |call| arn(call, "/restapis/{restapi_id}/resources/{resource_id}"),
    },
    members: &["restapi_id", "resource_id", "patchOperations"],
    call: |call| Box::pin(answer(call)),
};

/// Where the path shall be.
#[derive(Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
struct Moved {
    parent_id: Option<String>,
    path_part: Option<String>,
}

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (apis, api, id) = (
        apis(call),
        api(call),
        ResourceId::from(label(call, "resource_id")),
    );
    let wanted: Moved = patch::apply(&Moved::default(), &patches(call)?, patch::RESOURCE)?;
    let parent = wanted.parent_id.map(ResourceId::from);
    let part = wanted.path_part.as_deref();
    let resource = apis.move_resource(&api, &id, parent.as_ref(), part).await?;
    Ok(wire::resource(&resource, false))
}
