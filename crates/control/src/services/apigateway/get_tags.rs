//! `GetTags` tells the tags of a resource.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetTags.html>

use serde_json::{Value, json};

use super::{arn, label, tagging};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetTags",
    route: Some(Route {
        method: "GET",
        path: "/tags/{resource_arn}",
        query: &["position", "limit"],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/tags/{resource_arn}"),
    },
    members: &["resource_arn", "position", "limit"],
    call: |call| Box::pin(answer(call)),
};

/// All of them are on the first page: there are fifty at most.
async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let tags = tagging::tags(call, label(call, "resource_arn")).await?;
    Ok(json!({ "tags": tags }))
}
