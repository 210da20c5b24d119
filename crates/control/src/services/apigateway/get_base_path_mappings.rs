//! `GetBasePathMappings` lists the mappings of a custom domain.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetBasePathMappings.html>

use serde_json::Value;

use super::{arn, domains, label, wanted, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetBasePathMappings",
    route: Some(Route {
        method: "GET",
        path: "/domainnames/{domain_name}/basepathmappings",
        query: &["domainNameId", "limit", "position"],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/domainnames/{domain_name}/basepathmappings"),
    },
    members: &["domain_name", "limit", "position"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let domain = label(call, "domain_name");
    let listed = domains(call).base_path_mappings(domain, &wanted(call)?).await?;
    Ok(wire::list(&listed, wire::base_path_mapping))
}
