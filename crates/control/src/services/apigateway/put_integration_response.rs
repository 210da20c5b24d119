//! `PutIntegrationResponse` makes a response of an integration.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_PutIntegrationResponse.html>

use serde_json::Value;

use super::{apis, arn, body, label, method_key, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "PutIntegrationResponse",
    route: Some(Route {
        method: "PUT",
        path: "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration/responses/{status_code}",
        query: &[],
        status: 201,
    }),
    access: Access::Signed {
        action: "apigateway:PUT",
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
        "selectionPattern",
        "responseParameters",
        "responseTemplates",
        "contentHandling",
    ],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (apis, key) = (apis(call), method_key(call));
    Ok(wire::plain(
        &apis
            .put_integration_response(&key, label(call, "status_code"), body(call)?)
            .await?,
    ))
}
