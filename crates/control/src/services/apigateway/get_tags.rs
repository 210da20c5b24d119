//! `GetTags` tells the tags of an API, a stage, a VPC link or a client certificate.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetTags.html>

use serde_json::{Value, json};

use super::{apis, arn, label};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetTags",
    route: Some(Route {
        method: "GET",
        path: "/tags/{resource_arn}",
        query: &["limit", "position"],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/tags/{resource_arn}"),
    },
    members: &["resource_arn", "limit", "position"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let tags = apis(call).tags(label(call, "resource_arn")).await?;
    Ok(json!({ "tags": tags }))
}
