//! `GetApi` tells of an API.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid.html>

use serde_json::Value;

use super::{api, http_apis, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::input::arn,
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetApi",
    route: Some(Route {
        method: "GET",
        path: "/v2/apis/{apiId}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/apis/{apiId}"),
    },
    members: &["apiId"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let kept = http_apis(call).api(&api(call)).await?;
    Ok(wire::api(call, &kept.value))
}
