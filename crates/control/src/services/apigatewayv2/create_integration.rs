//! `CreateIntegration` makes an integration.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-integrations.html>

use serde_json::Value;

use super::{api, body, http_apis, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::input::arn,
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "CreateIntegration",
    route: Some(Route {
        method: "POST",
        path: "/v2/apis/{apiId}/integrations",
        query: &[],
        status: 201,
    }),
    access: Access::Signed {
        action: "apigateway:POST",
        resource: |call| arn(call, "/apis/{apiId}/integrations"),
    },
    members: &[
        "apiId",
        "integrationType",
        "connectionId",
        "connectionType",
        "description",
        "integrationMethod",
        "integrationUri",
        "payloadFormatVersion",
        "requestParameters",
        "timeoutInMillis",
        "tlsConfig",
    ],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let settings = body(call, &["apiId"])?;
    let made = http_apis(call).create_integration(&api(call), settings).await?;
    Ok(wire::integration(&made))
}
