//! `CreateApi` makes an API.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis.html>

use serde_json::Value;

use super::{body, http_apis, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::input::arn,
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "CreateApi",
    route: Some(Route {
        method: "POST",
        path: "/v2/apis",
        query: &[],
        status: 201,
    }),
    access: Access::Signed {
        action: "apigateway:POST",
        resource: |call| arn(call, "/apis"),
    },
    members: &[
        "name",
        "protocolType",
        "corsConfiguration",
        "description",
        "disableExecuteApiEndpoint",
        "routeKey",
        "routeSelectionExpression",
        "tags",
        "target",
        "version",
    ],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let made = http_apis(call).create_api(body(call, &[])?).await?;
    Ok(wire::api(call, &made))
}
