//! `DeleteStage` deletes a stage.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages-stagename.html>

use serde_json::Value;

use super::{api, http_apis, stage, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::input::arn,
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "DeleteStage",
    route: Some(Route {
        method: "DELETE",
        path: "/v2/apis/{apiId}/stages/{stageName}",
        query: &[],
        status: 204,
    }),
    access: Access::Signed {
        action: "apigateway:DELETE",
        resource: |call| arn(call, "/apis/{apiId}/stages/{stageName}"),
    },
    members: &["apiId", "stageName"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    http_apis(call).delete_stage(&api(call), &stage(call)).await?;
    Ok(wire::nothing())
}
