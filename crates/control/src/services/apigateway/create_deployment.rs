//! `CreateDeployment` takes an image of an API, and points a stage at it when one is named.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_CreateDeployment.html>

use serde_json::Value;

use super::{api, apis, arn, body, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "CreateDeployment",
    route: Some(Route {
        method: "POST",
        path: "/restapis/{restapi_id}/deployments",
        query: &[],
        status: 201,
    }),
    access: Access::Signed {
        action: "apigateway:POST",
        resource: |call| arn(call, "/restapis/{restapi_id}/deployments"),
    },
    members: &[
        "restapi_id",
        "stageName",
        "stageDescription",
        "description",
        "cacheClusterEnabled",
        "cacheClusterSize",
        "variables",
        "canarySettings",
        "tracingEnabled",
    ],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let made = apis(call).create_deployment(&api(call), body(call)?).await?;
    Ok(wire::deployment(&made, false))
}
