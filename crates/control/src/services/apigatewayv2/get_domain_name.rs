//! `GetDomainName` returns a custom domain name.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/domainnames-domainname.html>

use serde_json::Value;

use super::domain_names::rendered;
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::input::{arn, domains, label},
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetDomainName",
    route: Some(Route {
        method: "GET",
        path: "/v2/domainnames/{domainName}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/domainnames/{domainName}"),
    },
    members: &["domainName"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let kept = domains(call).domain_name(label(call, "domainName")).await?;
    Ok(rendered(&kept.value, call.scope))
}
