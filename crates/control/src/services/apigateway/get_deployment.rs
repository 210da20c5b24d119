//! `GetDeployment` returns a deployment.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetDeployment.html>

use portcullis_model::DeploymentId;
use serde_json::Value;

use super::{api, apis, arn, embeds, label, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetDeployment",
    route: Some(Route {
        method: "GET",
        path: "/restapis/{restapi_id}/deployments/{deployment_id}",
        query: &["embed"],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/restapis/{restapi_id}/deployments/{deployment_id}"),
    },
    members: &["restapi_id", "deployment_id", "embed"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let id = DeploymentId::from(label(call, "deployment_id"));
    let found = apis(call).deployment(&api(call), &id).await?.value;
    Ok(wire::deployment(&found, embeds(call, "apisummary")))
}
