//! `UpdateDomainName` changes a custom domain name by patch operations. One on the truststore reads it anew, the
//! same URI included.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateDomainName.html>

use serde_json::Value;

use super::{arn, domains, label, patch, patches, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::records::domain_name::{DomainNameSettings, TruststoreRead},
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "UpdateDomainName",
    route: Some(Route {
        method: "PATCH",
        path: "/domainnames/{domain_name}",
        query: &["domainNameId"],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:PATCH",
        resource: |call| arn(call, "/domainnames/{domain_name}"),
    },
    members: &["domain_name", "patchOperations"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (domains, name) = (domains(call), label(call, "domain_name"));
    let present = DomainNameSettings::of(&domains.domain_name(name).await?.value);
    let operations = patches(call)?;
    let of_truststore = |path: &str| path.starts_with("/mutualTlsAuthentication");
    let read = if operations.iter().any(|operation| of_truststore(&operation.path)) {
        TruststoreRead::Anew
    } else {
        TruststoreRead::IfMoved
    };
    let settings = patch::apply(&present, &operations, patch::DOMAIN_NAME)?;
    let changed = domains.replace_domain_name(name, settings, read).await?;
    Ok(wire::domain_name(&changed, call.scope))
}
