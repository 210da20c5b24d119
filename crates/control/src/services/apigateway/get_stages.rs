//! `GetStages` lists the stages of an API.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetStages.html>

use serde_json::Value;

use super::{api, apis, arn, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::records::Listed,
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetStages",
    route: Some(Route {
        method: "GET",
        path: "/restapis/{restapi_id}/stages",
        query: &["deploymentId"],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/restapis/{restapi_id}/stages"),
    },
    members: &["restapi_id", "deploymentId"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let stages = apis(call).stages(&api(call), call.text("deploymentId")).await?;
    Ok(wire::list(
        &Listed {
            items: stages,
            position: None,
        },
        wire::stage,
    ))
}
