//! `DeleteAccessLogSettings` ends the access log of a stage.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages-stagename-accesslogsettings.html>

use serde_json::Value;

use super::{api, http_apis, records::stage::StageSettings, stage, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::input::arn,
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "DeleteAccessLogSettings",
    route: Some(Route {
        method: "DELETE",
        path: "/v2/apis/{apiId}/stages/{stageName}/accesslogsettings",
        query: &[],
        status: 204,
    }),
    access: Access::Signed {
        action: "apigateway:DELETE",
        resource: |call| arn(call, "/apis/{apiId}/stages/{stageName}/accesslogsettings"),
    },
    members: &["apiId", "stageName"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (apis, api, id) = (http_apis(call), api(call), stage(call));
    let settings = StageSettings {
        access_log_settings: None,
        ..StageSettings::of(&apis.stage(&api, &id).await?.value)
    };
    apis.replace_stage(&api, &id, settings).await?;
    Ok(wire::nothing())
}
