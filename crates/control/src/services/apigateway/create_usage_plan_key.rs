//! `CreateUsagePlanKey` puts an API key into a usage plan.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_CreateUsagePlanKey.html>

use serde_json::Value;

use super::{arn, label, plans, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "CreateUsagePlanKey",
    route: Some(Route {
        method: "POST",
        path: "/usageplans/{usageplanId}/keys",
        query: &[],
        status: 201,
    }),
    access: Access::Signed {
        action: "apigateway:POST",
        resource: |call| arn(call, "/usageplans/{usageplanId}/keys"),
    },
    members: &["usageplanId", "keyId", "keyType"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (plan, key) = (label(call, "usageplanId"), label(call, "keyId"));
    let key = plans(call)
        .create_usage_plan_key(plan, key, label(call, "keyType"))
        .await?;
    Ok(wire::usage_plan_key(&key))
}
