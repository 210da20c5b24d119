//! `UntagResource` takes tags from an API, a stage, a VPC link or a client certificate.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_UntagResource.html>

use serde_json::Value;

use super::{apis, arn, errors::bad_request, label, wire};
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
    let names: Vec<String> = match call.input.get("tagKeys") {
        Some(Value::String(name)) => vec![name.clone()],
        Some(Value::Array(names)) => {
            let names = names.iter().filter_map(Value::as_str);
            names.map(str::to_owned).collect()
        }
        _ => return Err(bad_request("tagKeys must name at least one tag")),
    };
    apis(call)
        .change_tags(label(call, "resource_arn"), |present| {
            present.retain(|name, _| !names.contains(name));
        })
        .await?;
    Ok(wire::nothing())
}
