//! `GetInvalidation` returns an invalidation.
//! <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_GetInvalidation.html>

use serde_json::{Value, json};

use super::{arn, distributions, label, write};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetInvalidation",
    route: Some(Route {
        method: "GET",
        path: "/2020-05-31/distribution/{DistributionId}/invalidation/{Id}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "cloudfront:GetInvalidation",
        resource: arn,
    },
    members: &["DistributionId", "Id"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let invalidation = distributions(call)
        .invalidation(label(call, "DistributionId"), label(call, "Id"))
        .await?;
    Ok(json!({"Invalidation": write::invalidation(&invalidation)}))
}
