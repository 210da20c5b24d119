//! `UpdateStage` changes a stage.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages-stagename.html>

use serde_json::Value;

use super::{
    api, http_apis, members,
    records::{changed, stage::StageSettings},
    stage, wire,
};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::input::arn,
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "UpdateStage",
    route: Some(Route {
        method: "PATCH",
        path: "/v2/apis/{apiId}/stages/{stageName}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:PATCH",
        resource: |call| arn(call, "/apis/{apiId}/stages/{stageName}"),
    },
    members: &[
        "apiId",
        "stageName",
        "accessLogSettings",
        "autoDeploy",
        "clientCertificateId",
        "defaultRouteSettings",
        "deploymentId",
        "description",
        "routeSettings",
        "stageVariables",
    ],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (apis, api) = (http_apis(call), api(call));
    let id = &stage(call);
    let present = StageSettings::of(&apis.stage(&api, id).await?.value);
    let mut settings: StageSettings = changed(&present, &members(call, &["apiId", "stageName"]))?;
    // Settings of routes that the call does not name stay: `DeleteRouteSettings` takes them away.
    for (key, setting) in present.route_settings {
        settings.route_settings.entry(key).or_insert(setting);
    }
    let made = apis.replace_stage(&api, id, settings).await?;
    Ok(wire::stage(&made))
}
