//! `UntagResource` takes tags from a resource.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/tags-resource-arn.html>

use serde_json::Value;

use super::wire;
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::{
        input::{arn, label},
        tagging,
    },
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "UntagResource",
    route: Some(Route {
        method: "DELETE",
        path: "/v2/tags/{resourceArn}",
        query: &["tagKeys"],
        status: 204,
    }),
    access: Access::Signed {
        action: "apigateway:DELETE",
        resource: |call| arn(call, "/tags/{resourceArn}"),
    },
    members: &["resourceArn", "tagKeys"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    tagging::untag(call, label(call, "resourceArn")).await?;
    Ok(wire::nothing())
}
