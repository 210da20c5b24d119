//! `GetResources` lists the paths of an API.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetResources.html>

use serde_json::Value;

use super::{api, apis, arn, embeds, wanted, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetResources",
    route: Some(Route {
        method: "GET",
        path: "/restapis/{restapi_id}/resources",
        query: &["embed", "limit", "position"],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/restapis/{restapi_id}/resources"),
    },
    members: &["restapi_id", "embed", "limit", "position"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let listed = apis(call).resources(&api(call), &wanted(call)?).await?;
    let with_methods = embeds(call, "methods");
    Ok(wire::list(&listed, |resource| {
        wire::resource(resource, with_methods)
    }))
}
