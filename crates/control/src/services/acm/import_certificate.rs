//! `ImportCertificate`: imports a certificate with its key, anew or over an imported one.

use serde_json::{Value, json};

use super::{access, certificates, errors::parameter, records::Import, rules};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "ImportCertificate",
    route: None,
    access: access::on_certificate("acm:ImportCertificate"),
    members: &[
        "CertificateArn",
        "Certificate",
        "PrivateKey",
        "CertificateChain",
        "Tags",
    ],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let arn = input.text("CertificateArn", rules::ARN);
    let certificate = rules::pem(&mut input, "Certificate", rules::CERTIFICATE_BYTES_MAX)?;
    let private_key = rules::pem(&mut input, "PrivateKey", rules::KEY_BYTES_MAX)?;
    let chain = rules::pem(&mut input, "CertificateChain", rules::CHAIN_BYTES_MAX)?;
    let tags = rules::tags(&mut input)?;
    input.require("Certificate", certificate.is_some());
    input.require("PrivateKey", private_key.is_some());
    input.finish()?;
    if arn.is_some() && !tags.is_empty() {
        return Err(parameter("tags are not given with an import over a certificate"));
    }
    let (Some(certificate), Some(private_key)) = (certificate, private_key) else {
        return Err(parameter("`Certificate` and `PrivateKey` are needed"));
    };
    let import = Import {
        certificate: certificate.expose().to_owned(),
        chain: chain.map(|chain| chain.expose().to_owned()).unwrap_or_default(),
        private_key,
    };
    let made = certificates(call).import(&import, arn, tags).await?;
    Ok(json!({ "CertificateArn": made.arn(call.scope) }))
}
