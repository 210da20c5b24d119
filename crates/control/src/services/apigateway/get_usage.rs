//! `GetUsage` returns what the keys of a usage plan used, day by day.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetUsage.html>

use serde_json::Value;

use super::{arn, label, plans, wanted};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::records::usage::Days,
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetUsage",
    route: Some(Route {
        method: "GET",
        path: "/usageplans/{usageplanId}/usage",
        query: &["keyId", "startDate", "endDate", "position", "limit"],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/usageplans/{usageplanId}/usage"),
    },
    members: &[
        "usageplanId",
        "keyId",
        "startDate",
        "endDate",
        "position",
        "limit",
    ],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (plan, key) = (label(call, "usageplanId"), call.text("keyId"));
    let days = Days::parse(label(call, "startDate"), label(call, "endDate"))?;
    plans(call).usage(plan, key, days, &wanted(call)?).await
}
