//! `UpdateDeployment` changes the description of a deployment.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateDeployment.html>

use portcullis_model::DeploymentId;
use serde_json::Value;

use super::{api, apis, arn, label, patch, patches, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::records::deployment::DeploymentSettings,
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "UpdateDeployment",
    route: Some(Route {
        method: "PATCH",
        path: "/restapis/{restapi_id}/deployments/{deployment_id}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:PATCH",
        resource: |call| arn(call, "/restapis/{restapi_id}/deployments/{deployment_id}"),
    },
    members: &["restapi_id", "deployment_id", "patchOperations"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (apis, api, id) = (
        apis(call),
        api(call),
        DeploymentId::from(label(call, "deployment_id")),
    );
    let present = DeploymentSettings {
        description: apis.deployment(&api, &id).await?.value.description,
        ..DeploymentSettings::default()
    };
    let settings = patch::apply(&present, &patches(call)?, patch::DEPLOYMENT)?;
    let changed = apis.describe_deployment(&api, &id, settings.description).await?;
    Ok(wire::deployment(&changed, false))
}
