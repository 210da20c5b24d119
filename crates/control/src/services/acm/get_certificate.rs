//! `GetCertificate`: returns a certificate and what stands above it, in PEM; never its key.

use serde_json::{Value, json};

use super::{access, certificates, rules};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetCertificate",
    route: None,
    access: access::on_certificate("acm:GetCertificate"),
    members: &["CertificateArn"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let arn = input.required("CertificateArn", rules::ARN);
    input.finish()?;
    let kept = certificates(call).find(arn).await?;
    let Some(issued) = kept.value.issued else {
        let message = format!("Certificate {arn} is not issued yet.");
        return Err(AwsError::new("RequestInProgressException", 400, message));
    };
    let mut answer = json!({ "Certificate": issued.certificate });
    if let (false, Some(answer)) = (issued.chain.is_empty(), answer.as_object_mut()) {
        answer.insert("CertificateChain".into(), issued.chain.into());
    }
    Ok(answer)
}
