//! `UpdateIntegrationResponse` changes a response of an integration by patch operations.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateIntegrationResponse.html>

use serde_json::Value;

use super::{apis, arn, label, method_key, patch, patches, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::records::integration_response::IntegrationResponseSettings,
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "UpdateIntegrationResponse",
    route: Some(Route {
        method: "PATCH",
        path: "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration/responses/{status_code}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:PATCH",
        resource: |call| {
            arn(
                call,
                "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration/responses/{status_code}",
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
    let present = IntegrationResponseSettings::of(&apis.integration_response(&key, status).await?);
    let settings = patch::apply(&present, &patches(call)?, patch::INTEGRATION_RESPONSE)?;
    Ok(wire::plain(
        &apis.replace_integration_response(&key, status, settings).await?,
    ))
}
