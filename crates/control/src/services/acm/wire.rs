//! From records to AWS's JSON.

use portcullis_engines::x509::{Certificate, certificates_of_pem};
use portcullis_model::{
    Scope, Timestamp,
    resources::acm::{AcmCertificate, Origin},
};
use serde_json::{Map, Value, json};

use super::records::status;

/// Renders everything about a certificate but its key.
pub(super) fn detail(
    certificate: &AcmCertificate,
    scope: &Scope,
    in_use_by: &[String],
    now: Timestamp,
) -> Value {
    let mut shown = head(certificate, scope, now);
    shown.insert(
        "SubjectAlternativeNames".into(),
        certificate.subject_alternative_names.clone().into(),
    );
    shown.insert("InUseBy".into(), in_use_by.into());
    if certificate.origin == Origin::Requested {
        shown.insert(
            "Options".into(),
            json!({ "CertificateTransparencyLoggingPreference": "ENABLED", "Export": "DISABLED" }),
        );
        shown.insert("DomainValidationOptions".into(), validation(certificate));
    }
    if let Some(facts) = facts(certificate) {
        shown.insert("Serial".into(), facts.serial_text().into());
        shown.insert("Subject".into(), facts.subject.as_str().into());
        shown.insert("Issuer".into(), facts.issuer.as_str().into());
        if let Some(algorithm) = facts.signature_algorithm {
            shown.insert("SignatureAlgorithm".into(), algorithm.into());
        }
    }
    json!({ "Certificate": shown })
}

/// No record in the DNS proves anything here: who issues decides how a name is proved.
fn validation(certificate: &AcmCertificate) -> Value {
    let state = match (&certificate.issued, &certificate.failure) {
        (Some(_), _) => "SUCCESS",
        (None, Some(_)) => "FAILED",
        (None, None) => "PENDING_VALIDATION",
    };
    let names = certificate.subject_alternative_names.iter();
    names
        .map(|name| {
            let mut option =
                json!({ "DomainName": name, "ValidationDomain": name, "ValidationStatus": state });
            if let (Some(method), Some(option)) = (&certificate.validation_method, option.as_object_mut()) {
                option.insert("ValidationMethod".into(), method.as_str().into());
            }
            option
        })
        .collect::<Vec<_>>()
        .into()
}

/// Renders a certificate as a listing shows it.
pub(super) fn summary(certificate: &AcmCertificate, scope: &Scope, in_use: bool, now: Timestamp) -> Value {
    let mut shown = head(certificate, scope, now);
    shown.insert(
        "SubjectAlternativeNameSummaries".into(),
        certificate.subject_alternative_names.clone().into(),
    );
    shown.insert("HasAdditionalSubjectAlternativeNames".into(), false.into());
    shown.insert("InUse".into(), in_use.into());
    shown.into()
}

fn head(certificate: &AcmCertificate, scope: &Scope, now: Timestamp) -> Map<String, Value> {
    let mut shown = Map::new();
    let mut set = |name: &str, value: Value| drop(shown.insert(name.to_owned(), value));
    set("CertificateArn", certificate.arn(scope).into());
    set("DomainName", certificate.domain_name.as_str().into());
    set("Type", json!(certificate.origin));
    set("Status", status(certificate, now).into());
    set("KeyAlgorithm", certificate.key_algorithm.as_str().into());
    set("CreatedAt", certificate.created_at.seconds().into());
    let renews = certificate.origin == Origin::Requested && certificate.issued.is_some();
    let eligibility = if renews { "ELIGIBLE" } else { "INELIGIBLE" };
    set("RenewalEligibility", eligibility.into());
    if let Some(issued) = &certificate.issued {
        let at = match certificate.origin {
            Origin::Imported => "ImportedAt",
            Origin::Requested => "IssuedAt",
        };
        set(at, issued.at.seconds().into());
        set("NotBefore", issued.not_before.seconds().into());
        set("NotAfter", issued.not_after.seconds().into());
    }
    shown
}

fn facts(certificate: &AcmCertificate) -> Option<Certificate> {
    let issued = certificate.issued.as_ref()?;
    let ders = certificates_of_pem(&issued.certificate).ok()?;
    Certificate::parse(ders.first()?).ok()
}

/// Renders tags.
pub(super) fn tags(certificate: &AcmCertificate) -> Value {
    let tags = certificate.tags.iter();
    let tags: Vec<Value> = tags
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect();
    json!({ "Tags": tags })
}
