//! `ListTagsForCertificate`: returns the tags of a certificate.

use serde_json::Value;

use super::{access, certificates, rules, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "ListTagsForCertificate",
    route: None,
    access: access::on_certificate("acm:ListTagsForCertificate"),
    members: &["CertificateArn"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let arn = input.required("CertificateArn", rules::ARN);
    input.finish()?;
    let kept = certificates(call).find(arn).await?;
    Ok(wire::tags(&kept.value))
}
