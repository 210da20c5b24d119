//! `UpdateMethod` changes a method by patch operations.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateMethod.html>

use serde_json::Value;

use super::{apis, arn, method_key, patch, patches, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::records::method::MethodSettings,
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "UpdateMethod",
    route: Some(Route {
        method: "PATCH",
        path: "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:PATCH",
        resource: |call| {
            arn(
                call,
                "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}",
            )
        },
    },
    members: &["restapi_id", "resource_id", "http_method", "patchOperations"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (apis, key) = (apis(call), method_key(call));
    let present = MethodSettings::of(&apis.method(&key).await?);
    let settings = patch::apply(&present, &patches(call)?, patch::METHOD)?;
    Ok(wire::plain(&apis.replace_method(&key, settings).await?))
}
