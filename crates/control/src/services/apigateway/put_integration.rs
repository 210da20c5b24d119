//! `PutIntegration` puts an integration behind a method.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_PutIntegration.html>

use serde_json::Value;

use super::{SERVICE, apis, arn, body, method_key, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    roles,
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "PutIntegration",
    route: Some(Route {
        method: "PUT",
        path: "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration",
        query: &[],
        status: 201,
    }),
    access: Access::Signed {
        action: "apigateway:PUT",
        resource: |call| {
            arn(
                call,
                "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}/integration",
            )
        },
    },
    members: &[
        "restapi_id",
        "resource_id",
        "http_method",
        "type",
        "httpMethod",
        "uri",
        "connectionType",
        "connectionId",
        "credentials",
        "requestParameters",
        "requestTemplates",
        "passthroughBehavior",
        "cacheNamespace",
        "cacheKeyParameters",
        "contentHandling",
        "timeoutInMillis",
        "tlsConfig",
        "responseTransferMode",
        "integrationTarget",
    ],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    // Else whoever may make an integration could lend himself any role's rights.
    if let Some(role) = call.text("credentials") {
        roles::check_pass_role(&SERVICE, call, role, "apigateway.amazonaws.com").await?;
    }
    Ok(wire::plain(
        &apis(call).put_integration(&method_key(call), body(call)?).await?,
    ))
}
