//! `FlushStageAuthorizersCache` drops what is kept of what authorizers said of a stage's callers: the stage is compiled anew, and what they
//! said ends with the authorizers that said it.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_FlushStageAuthorizersCache.html>

use portcullis_model::StageName;
use serde_json::Value;

use super::{api, apis, arn, label, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "FlushStageAuthorizersCache",
    route: Some(Route {
        method: "DELETE",
        path: "/restapis/{restapi_id}/stages/{stage_name}/cache/authorizers",
        query: &[],
        status: 202,
    }),
    access: Access::Signed {
        action: "apigateway:DELETE",
        resource: |call| {
            arn(
                call,
                "/restapis/{restapi_id}/stages/{stage_name}/cache/authorizers",
            )
        },
    },
    members: &["restapi_id", "stage_name"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (api, name) = (api(call), StageName::from(label(call, "stage_name")));
    apis(call).renew_stage(&api, &name).await?;
    Ok(wire::nothing())
}
