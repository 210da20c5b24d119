//! `UpdateApi` changes an API.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid.html>

use serde_json::Value;

use super::{
    api, http_apis, members,
    records::{api::ApiSettings, changed},
    wire,
};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::input::arn,
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "UpdateApi",
    route: Some(Route {
        method: "PATCH",
        path: "/v2/apis/{apiId}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:PATCH",
        resource: |call| arn(call, "/apis/{apiId}"),
    },
    members: &[
        "apiId",
        "name",
        "corsConfiguration",
        "description",
        "disableExecuteApiEndpoint",
        "routeKey",
        "routeSelectionExpression",
        "target",
        "version",
    ],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (apis, api) = (http_apis(call), api(call));
    let present = ApiSettings::of(&apis.api(&api).await?.value);
    let settings = changed(&present, &members(call, &["apiId"]))?;
    let made = apis.replace_api(&api, settings).await?;
    Ok(wire::api(call, &made))
}
