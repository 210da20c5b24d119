//! `DeleteCorsConfiguration` takes the CORS configuration from an API.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-cors.html>

use serde_json::Value;

use super::{api, http_apis, records::api::ApiSettings, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::input::arn,
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "DeleteCorsConfiguration",
    route: Some(Route {
        method: "DELETE",
        path: "/v2/apis/{apiId}/cors",
        query: &[],
        status: 204,
    }),
    access: Access::Signed {
        action: "apigateway:DELETE",
        resource: |call| arn(call, "/apis/{apiId}/cors"),
    },
    members: &["apiId"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (apis, api) = (http_apis(call), api(call));
    let settings = ApiSettings {
        cors_configuration: None,
        ..ApiSettings::of(&apis.api(&api).await?.value)
    };
    apis.replace_api(&api, settings).await?;
    Ok(wire::nothing())
}
