//! `DeleteUsagePlan` deletes a usage plan without stages.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteUsagePlan.html>

use serde_json::Value;

use super::{arn, label, plans, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "DeleteUsagePlan",
    route: Some(Route {
        method: "DELETE",
        path: "/usageplans/{usageplanId}",
        query: &[],
        status: 202,
    }),
    access: Access::Signed {
        action: "apigateway:DELETE",
        resource: |call| arn(call, "/usageplans/{usageplanId}"),
    },
    members: &["usageplanId"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    plans(call).delete_usage_plan(label(call, "usageplanId")).await?;
    Ok(wire::nothing())
}
