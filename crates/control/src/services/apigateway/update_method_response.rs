//! `UpdateMethodResponse` changes a response of a method by patch operations.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateMethodResponse.html>

use serde_json::Value;

use super::{apis, arn, label, method_key, patch, patches, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::records::method_response::MethodResponseSettings,
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "UpdateMethodResponse",
    route: Some(Route {
        method: "PATCH",
        path: "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/responses/{status_code}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:PATCH",
        resource: |call| {
            arn(
                call,
                "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/responses/{status_code}",
            )
        },
    },
    members: &[
        "restapi_id",
        "resource_id",
        "http_method",
        "status_code",
        "patchOperations",
    ],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (apis, key, status) = (apis(call), method_key(call), label(call, "status_code"));
    let present = MethodResponseSettings::of(&apis.method_response(&key, status).await?);
    let settings = patch::apply(&present, &patches(call)?, patch::METHOD_RESPONSE)?;
    Ok(wire::plain(
        &apis.replace_method_response(&key, status, settings).await?,
    ))
}
