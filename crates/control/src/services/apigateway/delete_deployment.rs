//! `DeleteDeployment` deletes a deployment that no stage points at.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteDeployment.html>

use portcullis_model::DeploymentId;
use serde_json::Value;

use super::{api, apis, arn, label, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "DeleteDeployment",
    route: Some(Route {
        method: "DELETE",
        path: "/restapis/{restapi_id}/deployments/{deployment_id}",
        query: &[],
        status: 202,
    }),
    access: Access::Signed {
        action: "apigateway:DELETE",
        resource: |call| arn(call, "/restapis/{restapi_id}/deployments/{deployment_id}"),
    },
    members: &["restapi_id", "deployment_id"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let id = DeploymentId::from(label(call, "deployment_id"));
    apis(call).delete_deployment(&api(call), &id).await?;
    Ok(wire::nothing())
}
