//! `ListTagsForResource` returns the tags of a distribution.
//! <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_ListTagsForResource.html>

use portcullis_model::resources::cloudfront::Distribution;
use serde_json::{Value, json};

use super::{distributions, errors::invalid, label};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "ListTagsForResource",
    route: Some(Route {
        method: "GET",
        path: "/2020-05-31/tagging",
        query: &["Resource"],
        status: 200,
    }),
    access: Access::Signed {
        action: "cloudfront:ListTagsForResource",
        resource: |call| label(call, "Resource").to_owned(),
    },
    members: &["Resource"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let own = Distribution::arn(call.scope.account.as_str(), "");
    let id = label(call, "Resource").strip_prefix(&own);
    let id = id.ok_or_else(|| invalid("`Resource` is not the ARN of a distribution of this account"))?;
    let found = distributions(call).get(id).await?;
    let tags: Vec<Value> = found
        .distribution
        .tags
        .iter()
        .map(|(key, value)| json!({"Key": key, "Value": value}))
        .collect();
    Ok(json!({"Tags": {"Items": {"Tag": tags}}}))
}
