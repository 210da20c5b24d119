//! `GetUsagePlanKeys` lists the API keys of a usage plan.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetUsagePlanKeys.html>

use serde_json::Value;

use super::{arn, label, plans, wanted, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetUsagePlanKeys",
    route: Some(Route {
        method: "GET",
        path: "/usageplans/{usageplanId}/keys",
        query: &["position", "limit", "name"],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/usageplans/{usageplanId}/keys"),
    },
    members: &["usageplanId", "position", "limit", "name"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (plan, name) = (label(call, "usageplanId"), call.text("name"));
    let listed = plans(call).usage_plan_keys(plan, name, &wanted(call)?).await?;
    Ok(wire::list(&listed, wire::usage_plan_key))
}
