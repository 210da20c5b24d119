//! `TestInvokeAuthorizer` asks an authorizer what it says of a request.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_TestInvokeAuthorizer.html>

use portcullis_model::AuthorizerId;
use serde_json::Value;

use super::{api, arn, body, label, records::test_call, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "TestInvokeAuthorizer",
    route: Some(Route {
        method: "POST",
        path: "/restapis/{restapi_id}/authorizers/{authorizer_id}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:POST",
        resource: |call| arn(call, "/restapis/{restapi_id}/authorizers/{authorizer_id}"),
    },
    members: &[
        "restapi_id",
        "authorizer_id",
        "pathWithQueryString",
        "body",
        "headers",
        "multiValueHeaders",
        "additionalContext",
        "stageVariables",
    ],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let id = AuthorizerId::from(label(call, "authorizer_id"));
    let test = super::apis(call)
        .test_of_authorizer(&api(call), &id, body(call)?)
        .await?;
    let tested = call.parts.test_bench.authorizer(call.scope, test).await;
    tested
        .map(|answer| wire::tested_authorizer(&answer))
        .map_err(test_call::refused)
}
