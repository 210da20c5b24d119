//! `UpdateStage` changes a stage by patch operations.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateStage.html>

use portcullis_model::StageName;
use serde_json::Value;

use super::{api, apis, arn, label, patch, patches, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::records::{canary, method_setting, stage::StageSettings},
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "UpdateStage",
    route: Some(Route {
        method: "PATCH",
        path: "/restapis/{restapi_id}/stages/{stage_name}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:PATCH",
        resource: |call| arn(call, "/restapis/{restapi_id}/stages/{stage_name}"),
    },
    members: &["restapi_id", "stage_name", "patchOperations"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (apis, api, name) = (apis(call), api(call), StageName::from(label(call, "stage_name")));
    let mut present = StageSettings::of(&apis.stage(&api, &name).await?.value);
    let mut others = Vec::new();
    for operation in patches(call)? {
        // The canary first: its paths look like those of methods.
        if !canary::patch(&mut present, &operation)?
            && !method_setting::patch(&mut present.method_settings, &operation)?
        {
            others.push(operation);
        }
    }
    let settings = patch::apply(&present, &others, patch::STAGE)?;
    Ok(wire::stage(&apis.replace_stage(&api, &name, settings).await?))
}
