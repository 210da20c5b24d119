//! `GetDomainName` returns a custom domain name.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetDomainName.html>

use serde_json::Value;

use super::{arn, domains, label, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetDomainName",
    route: Some(Route {
        method: "GET",
        path: "/domainnames/{domain_name}",
        query: &["domainNameId"],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/domainnames/{domain_name}"),
    },
    members: &["domain_name"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let found = domains(call).domain_name(label(call, "domain_name")).await?;
    Ok(wire::domain_name(&found.value, call.scope))
}
