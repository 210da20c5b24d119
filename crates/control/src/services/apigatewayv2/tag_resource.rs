//! `TagResource` gives a resource tags.
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
    name: "TagResource",
    route: Some(Route {
        method: "POST",
        path: "/v2/tags/{resourceArn}",
        query: &[],
        status: 201,
    }),
    access: Access::Signed {
        action: "apigateway:POST",
        resource: |call| arn(call, "/tags/{resourceArn}"),
    },
    members: &["resourceArn", "tags"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    tagging::tag(call, label(call, "resourceArn")).await?;
    Ok(wire::nothing())
}
