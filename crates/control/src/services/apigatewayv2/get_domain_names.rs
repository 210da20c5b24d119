//! `GetDomainNames` lists the custom domain names.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/domainnames.html>

use serde_json::Value;

use super::{domain_names::rendered, wanted, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::input::{arn, domains},
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetDomainNames",
    route: Some(Route {
        method: "GET",
        path: "/v2/domainnames",
        query: &["maxResults", "nextToken"],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/domainnames"),
    },
    members: &["maxResults", "nextToken"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let listed = domains(call).domain_names(&wanted(call)?).await?;
    Ok(wire::list(&listed, |domain| rendered(domain, call.scope)))
}
