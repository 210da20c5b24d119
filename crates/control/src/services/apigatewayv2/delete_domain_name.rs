//! `DeleteDomainName` deletes a custom domain name with its mappings.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/domainnames-domainname.html>

use serde_json::Value;

use super::wire;
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::input::{arn, domains, label},
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "DeleteDomainName",
    route: Some(Route {
        method: "DELETE",
        path: "/v2/domainnames/{domainName}",
        query: &[],
        status: 204,
    }),
    access: Access::Signed {
        action: "apigateway:DELETE",
        resource: |call| arn(call, "/domainnames/{domainName}"),
    },
    members: &["domainName"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    domains(call)
        .delete_domain_name(label(call, "domainName"))
        .await?;
    Ok(wire::nothing())
}
