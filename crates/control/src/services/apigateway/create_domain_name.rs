//! `CreateDomainName` makes a custom domain name.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_CreateDomainName.html>

use serde_json::Value;

use super::{arn, body_without, domains, label, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "CreateDomainName",
    route: Some(Route {
        method: "POST",
        path: "/domainnames",
        query: &[],
        status: 201,
    }),
    access: Access::Signed {
        action: "apigateway:POST",
        resource: |call| arn(call, "/domainnames"),
    },
    members: &[
        "domainName",
        "certificateName",
        "certificateBody",
        "certificatePrivateKey",
        "certificateChain",
        "certificateArn",
        "regionalCertificateName",
        "regionalCertificateArn",
        "endpointConfiguration",
        "tags",
        "securityPolicy",
        "endpointAccessMode",
        "mutualTlsAuthentication",
        "ownershipVerificationCertificateArn",
        "policy",
        "routingMode",
    ],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let settings = body_without(call, &["domainName"])?;
    let name = label(call, "domainName");
    let made = domains(call).create_domain_name(name, settings).await?;
    Ok(wire::domain_name(&made, call.scope))
}
