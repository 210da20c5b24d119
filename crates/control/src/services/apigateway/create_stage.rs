//! `CreateStage` makes a stage.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_CreateStage.html>

use portcullis_model::StageName;
use serde_json::Value;

use super::{api, apis, arn, body_without, label, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "CreateStage",
    route: Some(Route {
        method: "POST",
        path: "/restapis/{restapi_id}/stages",
        query: &[],
        status: 201,
    }),
    access: Access::Signed {
        action: "apigateway:POST",
        resource: |call| arn(call, "/restapis/{restapi_id}/stages"),
    },
    members: &[
        "restapi_id",
        "stageName",
        "deploymentId",
        "description",
        "cacheClusterEnabled",
        "cacheClusterSize",
        "variables",
        "documentationVersion",
        "canarySettings",
        "tracingEnabled",
        "tags",
    ],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let name = StageName::from(label(call, "stageName"));
    let settings = body_without(call, &["stageName"])?;
    Ok(wire::stage(
        &apis(call).create_stage(&api(call), &name, settings).await?,
    ))
}
