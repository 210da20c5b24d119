//! `RemoveTagsFromCertificate`: takes tags off a certificate. One that is given with a value goes only where it has that value, as on AWS.

use serde_json::{Value, json};

use super::{access, certificates, rules};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "RemoveTagsFromCertificate",
    route: None,
    access: access::on_certificate("acm:RemoveTagsFromCertificate"),
    members: &["CertificateArn", "Tags"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let arn = input.required("CertificateArn", rules::ARN);
    let gone = rules::tags(&mut input)?;
    input.require("Tags", call.input.contains_key("Tags"));
    input.finish()?;
    certificates(call)
        .change_tags(arn, |tags| {
            tags.retain(|key, value| gone.get(key).is_none_or(|gone| !gone.is_empty() && gone != value));
        })
        .await?;
    Ok(json!({}))
}
