//! `UpdateDomainName` changes a custom domain name. What stands in `mutualTlsAuthentication` reads the truststore anew.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/domainnames-domainname.html>

use serde_json::Value;

use super::{
    domain_names::{DomainSettings, rendered},
    members,
    records::changed,
};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::{
        input::{arn, domains, label},
        records::domain_name::TruststoreRead,
    },
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "UpdateDomainName",
    route: Some(Route {
        method: "PATCH",
        path: "/v2/domainnames/{domainName}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:PATCH",
        resource: |call| arn(call, "/domainnames/{domainName}"),
    },
    members: &[
        "domainName",
        "domainNameConfigurations",
        "mutualTlsAuthentication",
        "routingMode",
    ],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (domains, name) = (domains(call), label(call, "domainName"));
    let present = domains.domain_name(name).await?.value;
    let given = members(call, &["domainName"]);
    let read = if given.contains_key("mutualTlsAuthentication") {
        TruststoreRead::Anew
    } else {
        TruststoreRead::IfMoved
    };
    let settings: DomainSettings = changed(&DomainSettings::of(&present), &given)?;
    let settings = settings.common(Some(&present))?;
    let made = domains.replace_domain_name(name, settings, read).await?;
    Ok(rendered(&made, call.scope))
}
