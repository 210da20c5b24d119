//! `CreateBasePathMapping` leads a base path of a custom domain to a stage.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_CreateBasePathMapping.html>

use serde_json::Value;

use super::{arn, body, domains, label, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "CreateBasePathMapping",
    route: Some(Route {
        method: "POST",
        path: "/domainnames/{domain_name}/basepathmappings",
        query: &["domainNameId"],
        status: 201,
    }),
    access: Access::Signed {
        action: "apigateway:POST",
        resource: |call| arn(call, "/domainnames/{domain_name}/basepathmappings"),
    },
    members: &["domain_name", "basePath", "restApiId", "stage"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let domain = label(call, "domain_name");
    let made = domains(call)
        .create_base_path_mapping(domain, body(call)?)
        .await?;
    Ok(wire::base_path_mapping(&made))
}
