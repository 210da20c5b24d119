//! `GetDeployments` lists the deployments of an API.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetDeployments.html>

use serde_json::Value;

use super::{api, apis, arn, wanted, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetDeployments",
    route: Some(Route {
        method: "GET",
        path: "/restapis/{restapi_id}/deployments",
        query: &["limit", "position"],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/restapis/{restapi_id}/deployments"),
    },
    members: &["restapi_id", "limit", "position"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let listed = apis(call).deployments(&api(call), &wanted(call)?).await?;
    Ok(wire::list(&listed, |deployment| {
        wire::deployment(deployment, false)
    }))
}
