//! `UpdateRestApi` changes an API by patch operations.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateRestApi.html>

use serde_json::Value;

use super::{api, apis, arn, patch, patches, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::records::rest_api::RestApiSettings,
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "UpdateRestApi",
    route: Some(Route {
        method: "PATCH",
        path: "/restapis/{restapi_id}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:PATCH",
        resource: |call| arn(call, "/restapis/{restapi_id}"),
    },
    members: &["restapi_id", "patchOperations"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (apis, api) = (apis(call), api(call));
    let present = RestApiSettings::of(&apis.rest_api(&api).await?.value);
    let settings = patch::apply(&present, &patches(call)?, patch::REST_API)?;
    Ok(wire::rest_api(&apis.replace_rest_api(&api, settings).await?))
}
