//! `UntagResource` takes tags from a resource.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_UntagResource.html>

use serde_json::Value;

use super::{arn, label, tagging, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "UntagResource",
    route: Some(Route {
        method: "DELETE",
        path: "/tags/{resource_arn}",
        query: &["tagKeys"],
        status: 204,
    }),
    access: Access::Signed {
        action: "apigateway:DELETE",
        resource: |call| arn(call, "/tags/{resource_arn}"),
    },
    members: &["resource_arn", "tagKeys"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    tagging::untag(call, label(call, "resource_arn")).await?;
    Ok(wire::nothing())
}
