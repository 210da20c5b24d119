//! `TestInvokeMethod` tests a method as it stands, past the layers that ask who calls.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_TestInvokeMethod.html>

use serde_json::Value;

use super::{
    arn, body, client_certificates, method_key,
    records::test_call::{self, TestInput},
    wire,
};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    ports::TestCall,
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "TestInvokeMethod",
    route: Some(Route {
        method: "POST",
        path: "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:POST",
        resource: |call| {
            arn(
                call,
                "/restapis/{restapi_id}/resources/{resource_id}/methods/{http_method}",
            )
        },
    },
    members: &[
        "restapi_id",
        "resource_id",
        "http_method",
        "pathWithQueryString",
        "body",
        "headers",
        "multiValueHeaders",
        "clientCertificateId",
        "stageVariables",
    ],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let input: TestInput = body(call)?;
    let certificate = match input.client_certificate_id() {
        Some(id) => Some(client_certificates(call).presented(id).await?),
        None => None,
    };
    let test = TestCall {
        client_certificate: certificate,
        ..super::apis(call).test_of_method(&method_key(call), input).await?
    };
    let tested = call.parts.test_bench.method(call.scope, test).await;
    tested
        .map(|answer| wire::tested_method(&answer))
        .map_err(test_call::refused)
}
