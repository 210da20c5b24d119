//! `AWS::ApiGateway::ClientCertificate`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigateway-clientcertificate.html>

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_model::resources::{apigateway, cloudformation::StackResource};

use super::gone_is_fine;
use crate::{
    resources::{Made, Maker, Making, Properties, StackedResource},
    services::apigateway::records::client_certificate::ClientCertificateSettings,
};

/// A certificate that stages present to their backends.
pub struct ClientCertificate;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::ApiGateway::ClientCertificate",
    properties: &[
        P::optional("Description", Shape::Text),
        P::optional("Tags", Shape::Tags),
    ],
    attributes: &["ClientCertificateId"],
};

fn settings(properties: Properties<'_>) -> ClientCertificateSettings {
    ClientCertificateSettings {
        description: properties.string("Description"),
        tags: properties.tags("Tags"),
    }
}

fn made(certificate: &apigateway::ClientCertificate) -> Made {
    let id = certificate.client_certificate_id.as_str();
    Made::named(id).with("ClientCertificateId", id)
}

impl StackedResource for ClientCertificate {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let certificates = maker.client_certificates();
            Ok(made(&certificates.generate(settings(properties)).await?))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            let (id, settings) = (before.reference.as_str(), settings(properties));
            let changed = maker.apis().replace_client_certificate(id, settings).await?;
            Ok(made(&changed))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move { gone_is_fine(maker.apis().delete_client_certificate(&made.reference).await) })
    }
}
