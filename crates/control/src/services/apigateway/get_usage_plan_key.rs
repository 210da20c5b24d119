//! `GetUsagePlanKey` returns an API key of a usage plan.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetUsagePlanKey.html>

use serde_json::Value;

use super::{arn, label, plans, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetUsagePlanKey",
    route: Some(Route {
        method: "GET",
        path: "/usageplans/{usageplanId}/keys/{keyId}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/usageplans/{usageplanId}/keys/{keyId}"),
    },
    members: &["usageplanId", "keyId"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (plan, key) = (label(call, "usageplanId"), label(call, "keyId"));
    Ok(wire::usage_plan_key(
        &plans(call).usage_plan_key(plan, key).await?,
    ))
}
