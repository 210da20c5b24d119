//! `UpdateDeployment` changes a deployment.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-deployments-deploymentid.html>

use portcullis_model::DeploymentId;
use serde_json::Value;

use super::{api, http_apis, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::input::{arn, label},
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "UpdateDeployment",
    route: Some(Route {
        method: "PATCH",
        path: "/v2/apis/{apiId}/deployments/{deploymentId}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:PATCH",
        resource: |call| arn(call, "/apis/{apiId}/deployments/{deploymentId}"),
    },
    members: &["apiId", "deploymentId", "description"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let id = DeploymentId::from(label(call, "deploymentId"));
    let description = call.text("description").map(str::to_owned);
    let made = http_apis(call)
        .describe_deployment(&api(call), &id, description)
        .await?;
    Ok(wire::deployment(&made))
}
