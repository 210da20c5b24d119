//! `DeleteDeployment` deletes a deployment.
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
    name: "DeleteDeployment",
    route: Some(Route {
        method: "DELETE",
        path: "/v2/apis/{apiId}/deployments/{deploymentId}",
        query: &[],
        status: 204,
    }),
    access: Access::Signed {
        action: "apigateway:DELETE",
        resource: |call| arn(call, "/apis/{apiId}/deployments/{deploymentId}"),
    },
    members: &["apiId", "deploymentId"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    http_apis(call)
        .delete_deployment(&api(call), &DeploymentId::from(label(call, "deploymentId")))
        .await?;
    Ok(wire::nothing())
}
