//! `UpdateDistribution` gives a distribution another configuration, if `If-Match` is the one that it has.
//! <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_UpdateDistribution.html>

use serde_json::{Value, json};

use super::{arn, config, distributions, label, write};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "UpdateDistribution",
    route: Some(Route {
        method: "PUT",
        path: "/2020-05-31/distribution/{Id}/config",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "cloudfront:UpdateDistribution",
        resource: arn,
    },
    members: &["Id", "IfMatch", "DistributionConfig"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let config = config(call.input, "DistributionConfig")?;
    let found = distributions(call)
        .update(label(call, "Id"), call.text("IfMatch"), config)
        .await?;
    let distribution = write::distribution(call.scope.account.as_str(), &found);
    Ok(json!({"ETag": found.distribution.etag, "Distribution": distribution}))
}
