//! `DeleteRouteSettings` takes a route's own settings from a stage.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages-stagename-routesettings-routekey.html>

use serde_json::Value;

use super::{api, http_apis, records::stage::StageSettings, stage, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::{
        errors::not_found,
        input::{arn, label},
    },
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "DeleteRouteSettings",
    route: Some(Route {
        method: "DELETE",
        path: "/v2/apis/{apiId}/stages/{stageName}/routesettings/{routeKey}",
        query: &[],
        status: 204,
    }),
    access: Access::Signed {
        action: "apigateway:DELETE",
        resource: |call| arn(call, "/apis/{apiId}/stages/{stageName}/routesettings/{routeKey}"),
    },
    members: &["apiId", "routeKey", "stageName"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (apis, api, id) = (http_apis(call), api(call), stage(call));
    let mut settings = StageSettings::of(&apis.stage(&api, &id).await?.value);
    let key = label(call, "routeKey");
    if settings.route_settings.remove(key).is_none() {
        return Err(not_found(format!(
            "Unable to find Route by key {key} within the provided RouteSettings"
        )));
    }
    apis.replace_stage(&api, &id, settings).await?;
    Ok(wire::nothing())
}
