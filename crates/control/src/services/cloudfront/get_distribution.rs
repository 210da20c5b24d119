//! `GetDistribution` returns a distribution.
//! <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_GetDistribution.html>

use serde_json::{Value, json};

use super::{arn, distributions, label, write};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetDistribution",
    route: Some(Route {
        method: "GET",
        path: "/2020-05-31/distribution/{Id}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "cloudfront:GetDistribution",
        resource: arn,
    },
    members: &["Id"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let found = distributions(call).get(label(call, "Id")).await?;
    let distribution = write::distribution(call.scope.account.as_str(), &found);
    Ok(json!({"ETag": found.distribution.etag, "Distribution": distribution}))
}
