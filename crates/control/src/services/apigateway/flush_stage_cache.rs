//! `FlushStageCache` drops what is kept of a stage's answers.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_FlushStageCache.html>

use portcullis_model::StageName;
use serde_json::Value;

use super::{api, apis, arn, label, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "FlushStageCache",
    route: Some(Route {
        method: "DELETE",
        path: "/restapis/{restapi_id}/stages/{stage_name}/cache/data",
        query: &[],
        status: 202,
    }),
    access: Access::Signed {
        action: "apigateway:DELETE",
        resource: |call| arn(call, "/restapis/{restapi_id}/stages/{stage_name}/cache/data"),
    },
    members: &["restapi_id", "stage_name"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (api, name) = (api(call), StageName::from(label(call, "stage_name")));
    let stage = apis(call).stage(&api, &name).await?.value;
    call.parts.stage_caches.flush(&stage.api_id, &stage.stage_name);
    Ok(wire::nothing())
}
