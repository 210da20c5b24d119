//! `GetResource` returns a path.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetResource.html>

use portcullis_model::ResourceId;
use serde_json::Value;

use super::{api, apis, arn, embeds, label, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetResource",
    route: Some(Route {
        method: "GET",
        path: "/restapis/{restapi_id}/resources/{resource_id}",
        query: &["embed"],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/restapis/{restapi_id}/resources/{resource_id}"),
    },
    members: &["restapi_id", "resource_id", "embed"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let id = ResourceId::from(label(call, "resource_id"));
    let resource = apis(call).resource(&api(call), &id).await?.value;
    Ok(wire::resource(&resource, embeds(call, "methods")))
}
