//! `CreateDistribution` makes a distribution.
//! <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateDistribution.html>

use std::collections::BTreeMap;

use serde_json::Value;

use super::{arn, config, distributions, made};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "CreateDistribution",
    route: Some(Route {
        method: "POST",
        path: "/2020-05-31/distribution",
        query: &[],
        status: 201,
    }),
    access: Access::Signed {
        action: "cloudfront:CreateDistribution",
        resource: arn,
    },
    members: &["DistributionConfig"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let config = config(call.input, "DistributionConfig")?;
    let found = distributions(call).create(config, BTreeMap::new()).await?;
    Ok(made(call, &found))
}
