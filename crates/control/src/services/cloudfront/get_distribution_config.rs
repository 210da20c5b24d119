//! `GetDistributionConfig` returns a distribution's configuration, to be changed and sent back.
//! <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_GetDistributionConfig.html>

use serde_json::{Value, json};

use super::{arn, distributions, label, write};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetDistributionConfig",
    route: Some(Route {
        method: "GET",
        path: "/2020-05-31/distribution/{Id}/config",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "cloudfront:GetDistributionConfig",
        resource: arn,
    },
    members: &["Id"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let found = distributions(call).get(label(call, "Id")).await?;
    Ok(json!({"ETag": found.distribution.etag, "DistributionConfig": write::config(&found.config)}))
}
