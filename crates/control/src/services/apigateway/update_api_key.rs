//! `UpdateApiKey` changes an API key by patch operations.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateApiKey.html>

use serde_json::Value;

use super::{arn, label, patch, patches, plans, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::records::api_key::ApiKeySettings,
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "UpdateApiKey",
    route: Some(Route {
        method: "PATCH",
        path: "/apikeys/{api_Key}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:PATCH",
        resource: |call| arn(call, "/apikeys/{api_Key}"),
    },
    members: &["api_Key", "patchOperations"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (plans, id) = (plans(call), label(call, "api_Key"));
    let present = ApiKeySettings::of(&plans.api_key(id).await?.value);
    let settings = patch::apply(&present, &patches(call)?, patch::API_KEY)?;
    Ok(wire::api_key(&plans.replace_api_key(id, settings).await?, None))
}
