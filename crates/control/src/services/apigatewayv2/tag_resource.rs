//! `TagResource` gives an API or a stage tags.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/tags-resource-arn.html>

use std::collections::BTreeMap;

use serde_json::Value;

use super::{http_apis, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::{
        errors::bad_request,
        input::{arn, label},
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
    let tags: BTreeMap<String, String> = call
        .input
        .get("tags")
        .map(|tags| serde_json::from_value(tags.clone()))
        .transpose()
        .map_err(|cause| bad_request(format!("Invalid request input: {cause}")))?
        .unwrap_or_default();
    let arn = label(call, "resourceArn");
    http_apis(call)
        .change_tags(arn, |present| present.extend(tags))
        .await?;
    Ok(wire::nothing())
}
