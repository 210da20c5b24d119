//! `DescribeCertificate`: returns what is known of a certificate.

use serde_json::Value;

use super::{access, certificates, rules, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
    services::apigateway::records::domain_name::domain_arn,
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "DescribeCertificate",
    route: None,
    access: access::on_certificate("acm:DescribeCertificate"),
    members: &["CertificateArn"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let arn = input.required("CertificateArn", rules::ARN);
    input.finish()?;
    let certificates = certificates(call);
    let kept = certificates.find(arn).await?;
    let used = certificates.domains_with(arn).await?;
    let used: Vec<String> = used.iter().map(|domain| domain_arn(domain, call.scope)).collect();
    Ok(wire::detail(&kept.value, call.scope, &used, call.now))
}
