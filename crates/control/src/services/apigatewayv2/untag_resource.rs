//! `UntagResource` takes tags from an API or a stage.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/tags-resource-arn.html>

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
    let names: Vec<String> = match call.input.get("tagKeys") {
        Some(Value::String(name)) => vec![name.clone()],
        Some(Value::Array(names)) => {
            let names = names.iter().filter_map(Value::as_str);
            names.map(str::to_owned).collect()
        }
        _ => return Err(bad_request("tagKeys must name at least one tag")),
    };
    let arn = label(call, "resourceArn");
    http_apis(call)
        .change_tags(arn, |present| present.retain(|name, _| !names.contains(name)))
        .await?;
    Ok(wire::nothing())
}
