//! `TagResource` gives a resource tags.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_TagResource.html>

use serde_json::Value;

use super::{arn, label, tagging, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

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
    tagging::tag(call, label(call, "resource_arn")).await?;
    Ok(wire::nothing())
}
