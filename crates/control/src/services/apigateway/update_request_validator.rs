//! `UpdateRequestValidator` changes a request validator by patch operations.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateRequestValidator.html>

use serde_json::Value;

use super::{api, apis, arn, label, patch, patches, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::records::request_validator::RequestValidatorSettings,
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "UpdateRequestValidator",
    route: Some(Route {
        method: "PATCH",
        path: "/restapis/{restapi_id}/requestvalidators/{requestvalidator_id}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:PATCH",
        resource: |call| {
            arn(
                call,
                "/restapis/{restapi_id}/requestvalidators/{requestvalidator_id}",
            )
        },
    },
    members: &["restapi_id", "requestvalidator_id", "patchOperations"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (apis, api, id) = (apis(call), api(call), label(call, "requestvalidator_id"));
    let present = RequestValidatorSettings::of(&apis.request_validator(&api, id).await?.value);
    let settings = patch::apply(&present, &patches(call)?, patch::REQUEST_VALIDATOR)?;
    Ok(wire::plain(
        &apis.replace_request_validator(&api, id, settings).await?,
    ))
}
