//! `CreateApiMapping` leads a path of a custom domain to a stage of an HTTP or REST API.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/domainnames-domainname-apimappings.html>

use serde_json::Value;

use super::{body, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::input::{arn, domains, label},
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "CreateApiMapping",
    route: Some(Route {
        method: "POST",
        path: "/v2/domainnames/{domainName}/apimappings",
        query: &[],
        status: 201,
    }),
    access: Access::Signed {
        action: "apigateway:POST",
        resource: |call| arn(call, "/domainnames/{domainName}/apimappings"),
    },
    members: &["domainName", "apiId", "apiMappingKey", "stage"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let settings = body(call, &["domainName"])?;
    let domain = label(call, "domainName");
    let made = domains(call).create_api_mapping(domain, settings).await?;
    Ok(wire::api_mapping(&made))
}
