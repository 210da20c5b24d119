//! `RequestCertificate`: asks for a certificate. The local CA issues at once under `up`; where ACME is set it is issued later, and both renew it.

use serde_json::{Value, json};

use super::{access, certificates, errors::parameter, records::Request, rules};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "RequestCertificate",
    route: None,
    access: access::on_all("acm:RequestCertificate"),
    members: &[
        "DomainName",
        "ValidationMethod",
        "SubjectAlternativeNames",
        "IdempotencyToken",
        "KeyAlgorithm",
        "Options",
        "Tags",
    ],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let domain_name = input.required("DomainName", rules::NAME).to_owned();
    let method = input.text("ValidationMethod", rules::WORD);
    let names = input.texts("SubjectAlternativeNames", rules::NAME);
    let token = input.text("IdempotencyToken", rules::WORD);
    let key_algorithm = input.text("KeyAlgorithm", rules::WORD);
    let options = input.structure(
        "Options",
        &["CertificateTransparencyLoggingPreference", "Export"],
        |options| {
            let logging = options.text("CertificateTransparencyLoggingPreference", rules::WORD);
            (
                logging == Some("DISABLED"),
                options.text("Export", rules::WORD) == Some("ENABLED"),
            )
        },
    );
    let tags = rules::tags(&mut input)?;
    input.finish()?;
    if method == Some("EMAIL") {
        return Err(parameter(
            "`ValidationMethod` `EMAIL` is not supported: names are proved by who issues",
        ));
    }
    match options {
        Some((true, _)) => {
            let message =
                "`CertificateTransparencyLoggingPreference` `DISABLED` is not supported: who issues decides";
            return Err(parameter(message));
        }
        Some((_, true)) => return Err(parameter("`Export` is not supported: keys never leave")),
        _ => {}
    }
    let request = Request {
        domain_name,
        subject_alternative_names: names.unwrap_or_default(),
        key_algorithm: key_algorithm.map(str::to_owned),
        validation_method: method.map(str::to_owned),
        idempotency_token: token.map(str::to_owned),
        tags,
    };
    let made = certificates(call).request(request).await?;
    Ok(json!({ "CertificateArn": made.arn(call.scope) }))
}
