//! `AWS::CertificateManager::Certificate`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-certificatemanager-certificate.html>
//!
//! AWS waits with the stack until the certificate is issued. Here a stack is made as one, so it does not wait: a domain that
//! refers to the certificate is served as soon as that is issued.

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_model::resources::cloudformation::StackResource;

use crate::{
    resources::{Made, Maker, Making, Properties, StackedResource},
    services::acm::records::{REQUESTABLE, Request},
};

/// A certificate that is asked for.
pub struct Certificate;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::CertificateManager::Certificate",
    properties: &[
        P::refused("CertificateAuthorityArn", "private CAs are not there"),
        P::optional("CertificateExport", Shape::OneOf(&["DISABLED"])),
        P::optional(
            "CertificateTransparencyLoggingPreference",
            Shape::OneOf(&["ENABLED"]),
        ),
        P::required("DomainName", Shape::Text).replaces(),
        P::optional(
            "DomainValidationOptions",
            Shape::List(&Shape::Object(&[
                P::required("DomainName", Shape::Text),
                P::optional("HostedZoneId", Shape::Text),
                P::optional("ValidationDomain", Shape::Text),
            ])),
        )
        .inert("names are proved by who issues, not by records in a zone"),
        P::optional("KeyAlgorithm", Shape::OneOf(REQUESTABLE)).replaces(),
        P::optional("SubjectAlternativeNames", Shape::List(&Shape::Text)).replaces(),
        P::optional("Tags", Shape::Tags),
        P::optional("ValidationMethod", Shape::OneOf(&["DNS", "HTTP"])).replaces(),
    ],
    attributes: &[],
};

impl StackedResource for Certificate {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let request = Request {
                domain_name: properties.text_or_empty("DomainName").to_owned(),
                subject_alternative_names: properties.texts("SubjectAlternativeNames"),
                key_algorithm: properties.string("KeyAlgorithm"),
                validation_method: properties.string("ValidationMethod"),
                idempotency_token: None,
                tags: properties.tags("Tags"),
            };
            let made = maker.server_certificates().request(request).await?;
            Ok(Made::named(made.arn(maker.scope)))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            let tags = properties.tags("Tags");
            let certificates = maker.server_certificates();
            certificates
                .change_tags(&before.reference, |present| *present = tags)
                .await?;
            Ok(Made::named(before.reference.clone()))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            match maker.server_certificates().delete(&made.reference).await {
                Err(error) if error.code == "ResourceNotFoundException" => Ok(()),
                other => other,
            }
        })
    }
}
