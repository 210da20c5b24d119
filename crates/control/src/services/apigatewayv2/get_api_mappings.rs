//! `GetApiMappings` lists the mappings of a custom domain.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/domainnames-domainname-apimappings.html>

use serde_json::Value;

use super::{wanted, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::input::{arn, domains, label},
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetApiMappings",
    route: Some(Route {
        method: "GET",
        path: "/v2/domainnames/{domainName}/apimappings",
        query: &["maxResults", "nextToken"],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/domainnames/{domainName}/apimappings"),
    },
    members: &["domainName", "maxResults", "nextToken"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let domain = label(call, "domainName");
    let listed = domains(call).base_path_mappings(domain, &wanted(call)?).await?;
    Ok(wire::list(&listed, wire::api_mapping))
}
