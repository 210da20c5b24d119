//! `DeleteCertificate`: deletes a certificate that no custom domain is served with.

use serde_json::{Value, json};

use super::{access, certificates, rules};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "DeleteCertificate",
    route: None,
    access: access::on_certificate("acm:DeleteCertificate"),
    members: &["CertificateArn"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let arn = input.required("CertificateArn", rules::ARN);
    input.finish()?;
    certificates(call).delete(arn).await?;
    Ok(json!({}))
}
