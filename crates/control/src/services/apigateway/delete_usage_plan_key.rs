//! `DeleteUsagePlanKey` takes an API key out of a usage plan.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteUsagePlanKey.html>

use serde_json::Value;

use super::{arn, label, plans, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "DeleteUsagePlanKey",
    route: Some(Route {
        method: "DELETE",
        path: "/usageplans/{usageplanId}/keys/{keyId}",
        query: &[],
        status: 202,
    }),
    access: Access::Signed {
        action: "apigateway:DELETE",
        resource: |call| arn(call, "/usageplans/{usageplanId}/keys/{keyId}"),
    },
    members: &["usageplanId", "keyId"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (plan, key) = (label(call, "usageplanId"), label(call, "keyId"));
    plans(call).delete_usage_plan_key(plan, key).await?;
    Ok(wire::nothing())
}
