//! `DeleteApiMapping` deletes a mapping.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/domainnames-domainname-apimappings.html>

use serde_json::Value;

use super::wire;
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::input::{arn, domains, label},
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "DeleteApiMapping",
    route: Some(Route {
        method: "DELETE",
        path: "/v2/domainnames/{domainName}/apimappings/{apiMappingId}",
        query: &[],
        status: 204,
    }),
    access: Access::Signed {
        action: "apigateway:DELETE",
        resource: |call| arn(call, "/domainnames/{domainName}/apimappings/{apiMappingId}"),
    },
    members: &["domainName", "apiMappingId"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (domain, id) = (label(call, "domainName"), label(call, "apiMappingId"));
    domains(call).delete_api_mapping(domain, id).await?;
    Ok(wire::nothing())
}
