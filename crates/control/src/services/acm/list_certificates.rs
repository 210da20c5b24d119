//! `ListCertificates`: lists certificates. Without `Includes.keyTypes` only those with RSA keys of up to 2,048 bits, as on AWS.

use portcullis_model::resources::acm::AcmCertificate;
use serde_json::{Value, json};

use super::{access, certificates, records::status, rules, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "ListCertificates",
    route: None,
    access: access::on_all("acm:ListCertificates"),
    members: &["CertificateStatuses", "Includes", "MaxItems", "NextToken"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let statuses = input.texts("CertificateStatuses", rules::WORD);
    let key_types = input.structure("Includes", &["keyTypes"], |includes| {
        includes.texts("keyTypes", rules::WORD)
    });
    let limit = input.integer("MaxItems", 1, 1_000).unwrap_or(1_000);
    let after = input.text("NextToken", rules::ARN).map(str::to_owned);
    input.finish()?;
    let key_types = key_types.flatten();
    let wanted = |certificate: &AcmCertificate| {
        let of_type = match &key_types {
            Some(types) => types.contains(&certificate.key_algorithm),
            None => ["RSA_1024", "RSA_2048"].contains(&certificate.key_algorithm.as_str()),
        };
        let status = status(certificate, call.now);
        of_type
            && statuses
                .as_ref()
                .is_none_or(|statuses| statuses.iter().any(|one| one == status))
    };
    let certificates = certificates(call);
    let domains = certificates.domains().await?;
    let mut found: Vec<AcmCertificate> = certificates.all().await?;
    found.retain(|certificate| {
        wanted(certificate)
            && after
                .as_ref()
                .is_none_or(|after| certificate.arn(call.scope) > *after)
    });
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = found.len() > limit;
    found.truncate(limit);
    let listed = found.iter().map(|certificate| {
        let arn = certificate.arn(call.scope);
        let in_use = domains
            .iter()
            .any(|domain| domain.certificate() == Some(arn.as_str()));
        wire::summary(certificate, call.scope, in_use, call.now)
    });
    let mut answer = json!({ "CertificateSummaryList": listed.collect::<Vec<_>>() });
    if let (true, Some(last), Some(answer)) = (more, found.last(), answer.as_object_mut()) {
        answer.insert("NextToken".into(), last.arn(call.scope).into());
    }
    Ok(answer)
}
