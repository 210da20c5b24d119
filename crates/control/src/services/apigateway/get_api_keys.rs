//! `GetApiKeys` lists the API keys, with their values when they are asked for.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetApiKeys.html>

use serde_json::Value;

use super::{arn, is_on, plans, wanted, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::records::{Listed, api_key::ApiKeyFilter},
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetApiKeys",
    route: Some(Route {
        method: "GET",
        path: "/apikeys",
        query: &["position", "limit", "name", "customerId", "includeValues"],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/apikeys"),
    },
    members: &["position", "limit", "name", "customerId", "includeValues"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let plans = plans(call);
    let filter = ApiKeyFilter {
        name: call.text("name").map(str::to_owned),
        customer_id: call.text("customerId").map(str::to_owned),
    };
    let listed = plans.api_keys(&filter, &wanted(call)?).await?;
    let with_values = is_on(call, "includeValues");
    let mut rendered = Vec::new();
    for key in &listed.items {
        let value = with_values.then(|| plans.value_of(key)).transpose()?;
        rendered.push(wire::api_key(key, value.as_ref()));
    }
    let listed = Listed {
        items: rendered,
        position: listed.position,
    };
    Ok(wire::list(&listed, Value::clone))
}
