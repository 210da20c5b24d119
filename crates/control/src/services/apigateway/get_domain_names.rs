//! `GetDomainNames` lists the custom domain names.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetDomainNames.html>

use serde_json::Value;

use super::{arn, domains, wanted, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetDomainNames",
    route: Some(Route {
        method: "GET",
        path: "/domainnames",
        query: &["limit", "position", "resourceOwner"],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/domainnames"),
    },
    members: &["limit", "position"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let listed = domains(call).domain_names(&wanted(call)?).await?;
    Ok(wire::list(&listed, |domain| {
        wire::domain_name(domain, call.scope)
    }))
}
