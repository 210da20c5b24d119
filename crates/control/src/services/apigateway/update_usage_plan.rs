//! `UpdateUsagePlan` changes a usage plan by patch operations.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateUsagePlan.html>

use serde_json::Value;

use super::{arn, label, patch, patches, plans, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::records::usage_plan_settings::{UsagePlanSettings, patch_stages},
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "UpdateUsagePlan",
    route: Some(Route {
        method: "PATCH",
        path: "/usageplans/{usageplanId}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:PATCH",
        resource: |call| arn(call, "/usageplans/{usageplanId}"),
    },
    members: &["usageplanId", "patchOperations"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (plans, id) = (plans(call), label(call, "usageplanId"));
    let mut present = UsagePlanSettings::of(&plans.usage_plan(id).await?.value);
    let mut others = Vec::new();
    for operation in patches(call)? {
        if !patch_stages(&mut present.api_stages, &operation)? {
            others.push(operation);
        }
    }
    let settings = patch::apply(&present, &others, patch::USAGE_PLAN)?;
    Ok(wire::plain(&plans.replace_usage_plan(id, settings).await?))
}
