//! `DeleteStage` deletes a stage.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteStage.html>

use portcullis_model::StageName;
use serde_json::Value;

use super::{api, apis, arn, label, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "DeleteStage",
    route: Some(Route {
        method: "DELETE",
        path: "/restapis/{restapi_id}/stages/{stage_name}",
        query: &[],
        status: 202,
    }),
    access: Access::Signed {
        action: "apigateway:DELETE",
        resource: |call| arn(call, "/restapis/{restapi_id}/stages/{stage_name}"),
    },
    members: &["restapi_id", "stage_name"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let name = StageName::from(label(call, "stage_name"));
    apis(call).delete_stage(&api(call), &name).await?;
    Ok(wire::nothing())
}
