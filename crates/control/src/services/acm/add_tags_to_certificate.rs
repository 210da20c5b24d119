//! `AddTagsToCertificate`: adds tags to a certificate.

use serde_json::{Value, json};

use super::{access, certificates, rules};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "AddTagsToCertificate",
    route: None,
    access: access::on_certificate("acm:AddTagsToCertificate"),
    members: &["CertificateArn", "Tags"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let arn = input.required("CertificateArn", rules::ARN);
    let added = rules::tags(&mut input)?;
    input.require("Tags", call.input.contains_key("Tags"));
    input.finish()?;
    certificates(call)
        .change_tags(arn, |tags| tags.extend(added))
        .await?;
    Ok(json!({}))
}
