//! `DeleteDomainName` deletes a custom domain name with its mappings.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteDomainName.html>

use serde_json::Value;

use super::{arn, domains, label, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "DeleteDomainName",
    route: Some(Route {
        method: "DELETE",
        path: "/domainnames/{domain_name}",
        query: &["domainNameId"],
        status: 202,
    }),
    access: Access::Signed {
        action: "apigateway:DELETE",
        resource: |call| arn(call, "/domainnames/{domain_name}"),
    },
    members: &["domain_name"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let name = label(call, "domain_name");
    domains(call).delete_domain_name(name).await?;
    Ok(wire::nothing())
}
