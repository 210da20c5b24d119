//! `GetTags` tells the tags of a resource.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/tags-resource-arn.html>

use serde_json::{Value, json};

use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::{
        input::{arn, label},
        tagging,
    },
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetTags",
    route: Some(Route {
        method: "GET",
        path: "/v2/tags/{resourceArn}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/tags/{resourceArn}"),
    },
    members: &["resourceArn"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let tags = tagging::tags(call, label(call, "resourceArn")).await?;
    Ok(json!({ "tags": tags }))
}
