//! `UpdateIntegration` changes an integration.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-integrations-integrationid.html>

use serde_json::Value;

use super::{
    api, http_apis, members,
    records::{changed, integration::IntegrationSettings},
    wire,
};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::input::{arn, label},
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "UpdateIntegration",
    route: Some(Route {
        method: "PATCH",
        path: "/v2/apis/{apiId}/integrations/{integrationId}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:PATCH",
        resource: |call| arn(call, "/apis/{apiId}/integrations/{integrationId}"),
    },
    members: &[
        "apiId",
        "integrationId",
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
    let (apis, api) = (http_apis(call), api(call));
    let id = label(call, "integrationId");
    let present = IntegrationSettings::of(&apis.integration(&api, id).await?.value);
    let settings = changed(&present, &members(call, &["apiId", "integrationId"]))?;
    let made = apis.replace_integration(&api, id, settings).await?;
    Ok(wire::integration(&made))
}
