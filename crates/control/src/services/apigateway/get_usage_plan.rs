//! `GetUsagePlan` returns a usage plan.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetUsagePlan.html>

use serde_json::Value;

use super::{arn, label, plans, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetUsagePlan",
    route: Some(Route {
        method: "GET",
        path: "/usageplans/{usageplanId}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/usageplans/{usageplanId}"),
    },
    members: &["usageplanId"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let plan = plans(call).usage_plan(label(call, "usageplanId")).await?;
    Ok(wire::plain(&plan.value))
}
