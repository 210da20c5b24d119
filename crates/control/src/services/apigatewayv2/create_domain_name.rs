//! `CreateDomainName` makes a custom domain name.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/domainnames.html>

use serde_json::Value;

use super::{
    body,
    domain_names::{DomainSettings, rendered},
};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::input::{arn, domains, label},
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "CreateDomainName",
    route: Some(Route {
        method: "POST",
        path: "/v2/domainnames",
        query: &[],
        status: 201,
    }),
    access: Access::Signed {
        action: "apigateway:POST",
        resource: |call| arn(call, "/domainnames"),
    },
    members: &[
        "domainName",
        "domainNameConfigurations",
        "mutualTlsAuthentication",
        "routingMode",
        "tags",
    ],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let settings: DomainSettings = body(call, &["domainName"])?;
    let name = label(call, "domainName");
    let made = domains(call)
        .create_domain_name(name, settings.common(None)?)
        .await?;
    Ok(rendered(&made, call.scope))
}
