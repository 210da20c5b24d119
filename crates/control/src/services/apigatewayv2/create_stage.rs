//! `CreateStage` makes a stage.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages.html>

use serde_json::Value;

use super::{api, body, http_apis, stage, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::input::arn,
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "CreateStage",
    route: Some(Route {
        method: "POST",
        path: "/v2/apis/{apiId}/stages",
        query: &[],
        status: 201,
    }),
    access: Access::Signed {
        action: "apigateway:POST",
        resource: |call| arn(call, "/apis/{apiId}/stages"),
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
        "tags",
    ],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let settings = body(call, &["apiId", "stageName"])?;
    let made = http_apis(call)
        .create_stage(&api(call), stage(call), settings)
        .await?;
    Ok(wire::stage(&made))
}
