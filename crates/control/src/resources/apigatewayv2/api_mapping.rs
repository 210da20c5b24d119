//! `AWS::ApiGatewayV2::ApiMapping`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigatewayv2-apimapping.html>

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_model::resources::{cloudformation::StackResource, custom_domains::BasePathMapping};

use super::gone_is_fine;
use crate::{
    operation::AwsError,
    resources::{Made, Maker, Making, Properties, StackedResource},
    services::apigateway::records::base_path_mapping::ApiMappingSettings,
};

/// A path of a custom domain.
pub struct ApiMapping;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::ApiGatewayV2::ApiMapping",
    properties: &[
        P::required("ApiId", Shape::Text),
        P::optional("ApiMappingKey", Shape::Text),
        P::required("DomainName", Shape::Text).replaces(),
        P::required("Stage", Shape::Text),
    ],
    attributes: &["ApiMappingId"],
};

fn settings(properties: Properties<'_>) -> Result<ApiMappingSettings, AwsError> {
    properties.settings(&[
        ("ApiId", "apiId"),
        ("ApiMappingKey", "apiMappingKey"),
        ("Stage", "stage"),
    ])
}

fn made(mapping: &BasePathMapping) -> Made {
    Made::named(&mapping.id).with("ApiMappingId", mapping.id.as_str())
}

fn domain_of(made: &StackResource) -> &str {
    Properties::of(&made.properties).text_or_empty("DomainName")
}

impl StackedResource for ApiMapping {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let (domains, domain) = (maker.domains(), properties.text_or_empty("DomainName"));
            let mapping = domains.create_api_mapping(domain, settings(properties)?);
            Ok(made(&mapping.await?))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            let domains = maker.domains();
            let (domain, id) = (domain_of(before), &before.reference);
            let mapping = domains.replace_api_mapping(domain, id, settings(properties)?);
            Ok(made(&mapping.await?))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let domains = maker.domains();
            gone_is_fine(domains.delete_api_mapping(domain_of(made), &made.reference).await)
        })
    }
}
