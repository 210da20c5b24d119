//! `GetStage` returns a stage.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetStage.html>

use portcullis_model::StageName;
use serde_json::Value;

use super::{api, apis, arn, label, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetStage",
    route: Some(Route {
        method: "GET",
        path: "/restapis/{restapi_id}/stages/{stage_name}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/restapis/{restapi_id}/stages/{stage_name}"),
    },
    members: &["restapi_id", "stage_name"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let name = StageName::from(label(call, "stage_name"));
    let stage = apis(call).stage(&api(call), &name).await?.value;
    Ok(wire::guarded_stage(&stage, apis(call).web_acl_of(&stage).await?))
}
