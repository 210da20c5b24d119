//! `CreateDistributionWithTags` makes a distribution that has tags from the start.
//! <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_CreateDistributionWithTags.html>

use std::collections::BTreeMap;

use serde_json::Value;

use super::{arn, config, distributions, errors::missing_body, made, tree::Tree};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "CreateDistributionWithTags",
    route: Some(Route {
        method: "POST",
        path: "/2020-05-31/distribution?WithTags",
        query: &[],
        status: 201,
    }),
    access: Access::Signed {
        action: "cloudfront:CreateDistributionWithTags",
        resource: arn,
    },
    members: &["DistributionConfigWithTags"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let body = call
        .input
        .get("DistributionConfigWithTags")
        .ok_or_else(missing_body)?;
    let tree = Tree::of(body, "")?;
    tree.only(&["DistributionConfig", "Tags"], &[])?;
    let config = body
        .as_object()
        .map(|members| config(members, "DistributionConfig"));
    let config = config.ok_or_else(missing_body)??;
    let mut tags = BTreeMap::new();
    if let Some(wrapper) = tree.structure("Tags")? {
        for tag in wrapper.tags()? {
            tag.only(&["Key", "Value"], &[])?;
            tags.insert(tag.required("Key")?, tag.text("Value")?.unwrap_or_default());
        }
    }
    let found = distributions(call).create(config, tags).await?;
    Ok(made(call, &found))
}
