//! `UpdateModel` changes a model by patch operations.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateModel.html>

use serde_json::Value;

use super::{api, apis, arn, label, patch, patches, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::records::model::ModelSettings,
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "UpdateModel",
    route: Some(Route {
        method: "PATCH",
        path: "/restapis/{restapi_id}/models/{model_name}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:PATCH",
        resource: |call| arn(call, "/restapis/{restapi_id}/models/{model_name}"),
    },
    members: &["restapi_id", "model_name", "patchOperations"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (apis, api, name) = (apis(call), api(call), label(call, "model_name"));
    let present = ModelSettings::of(&apis.model(&api, name).await?.value);
    let settings = patch::apply(&present, &patches(call)?, patch::MODEL)?;
    Ok(wire::plain(&apis.replace_model(&api, name, settings).await?))
}
