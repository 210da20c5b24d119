//! `GetUsagePlans` lists the usage plans, or those of one key.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetUsagePlans.html>

use serde_json::Value;

use super::{arn, plans, wanted, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetUsagePlans",
    route: Some(Route {
        method: "GET",
        path: "/usageplans",
        query: &["position", "keyId", "limit"],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/usageplans"),
    },
    members: &["position", "keyId", "limit"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let listed = plans(call)
        .usage_plans(call.text("keyId"), &wanted(call)?)
        .await?;
    Ok(wire::list(&listed, wire::plain))
}
