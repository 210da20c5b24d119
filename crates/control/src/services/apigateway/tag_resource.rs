//! `TagResource` gives an API, a stage, a VPC link or a client certificate tags.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_TagResource.html>

use serde::Deserialize;
use serde_json::Value;

use super::{apis, arn, body, label, records::tags::Tags, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

#[derive(Default, Deserialize)]
struct Given {
    #[serde(default)]
    tags: Tags,
}

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "TagResource",
    route: Some(Route {
        method: "PUT",
        path: "/tags/{resource_arn}",
        query: &[],
        status: 204,
    }),
    access: Access::Signed {
        action: "apigateway:PUT",
        resource: |call| arn(call, "/tags/{resource_arn}"),
    },
    members: &["resource_arn", "tags"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let tags: Given = body(call)?;
    apis(call)
        .change_tags(label(call, "resource_arn"), |present| present.extend(tags.tags))
        .await?;
    Ok(wire::nothing())
}
