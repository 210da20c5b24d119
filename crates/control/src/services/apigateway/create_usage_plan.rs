//! `CreateUsagePlan` makes a usage plan.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_CreateUsagePlan.html>

use serde_json::Value;

use super::{arn, body, plans, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "CreateUsagePlan",
    route: Some(Route {
        method: "POST",
        path: "/usageplans",
        query: &[],
        status: 201,
    }),
    access: Access::Signed {
        action: "apigateway:POST",
        resource: |call| arn(call, "/usageplans"),
    },
    members: &["name", "description", "apiStages", "throttle", "quota", "tags"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    Ok(wire::plain(&plans(call).create_usage_plan(body(call)?).await?))
}
