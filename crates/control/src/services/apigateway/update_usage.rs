//! `UpdateUsage` sets what is left of a key's quota in the present period.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateUsage.html>

use serde_json::Value;

use super::{arn, label, patches, plans};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::records::{
        Wanted,
        usage::{Days, remaining},
    },
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "UpdateUsage",
    route: Some(Route {
        method: "PATCH",
        path: "/usageplans/{usageplanId}/keys/{keyId}/usage",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:PATCH",
        resource: |call| arn(call, "/usageplans/{usageplanId}/keys/{keyId}/usage"),
    },
    members: &["usageplanId", "keyId", "patchOperations"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (plan, key) = (label(call, "usageplanId"), label(call, "keyId"));
    let remaining = remaining(&patches(call)?)?;
    let plans = plans(call);
    let pair = plans.metered(plan, key).await?;
    let set = plans.counters.set_remaining(call.scope, &pair, remaining).await;
    set.map_err(AwsError::internal)?;
    let today = Days::today(call.now);
    plans.usage(plan, Some(key), today, &Wanted::default()).await
}
