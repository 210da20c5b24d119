//! `GetBasePathMapping` returns a mapping.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetBasePathMapping.html>

use serde_json::Value;

use super::{arn, domains, label, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetBasePathMapping",
    route: Some(Route {
        method: "GET",
        path: "/domainnames/{domain_name}/basepathmappings/{base_path}",
        query: &["domainNameId"],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/domainnames/{domain_name}/basepathmappings/{base_path}"),
    },
    members: &["domain_name", "base_path"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (domain, path) = (label(call, "domain_name"), label(call, "base_path"));
    let found = domains(call).base_path_mapping(domain, path).await?;
    Ok(wire::base_path_mapping(&found.value))
}
