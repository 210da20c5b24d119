//! `GetApiKey` returns an API key, with its value when it is asked for.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetApiKey.html>

use serde_json::Value;

use super::{arn, is_on, label, plans, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetApiKey",
    route: Some(Route {
        method: "GET",
        path: "/apikeys/{api_Key}",
        query: &["includeValue"],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/apikeys/{api_Key}"),
    },
    members: &["api_Key", "includeValue"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let plans = plans(call);
    let key = plans.api_key(label(call, "api_Key")).await?.value;
    let value = is_on(call, "includeValue")
        .then(|| plans.value_of(&key))
        .transpose()?;
    Ok(wire::api_key(&key, value.as_ref()))
}
