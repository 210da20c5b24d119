//! `AWS::ApiGateway::BasePathMapping`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigateway-basepathmapping.html>

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_model::resources::{cloudformation::StackResource, custom_domains};

use super::gone_is_fine;
use crate::{
    operation::AwsError,
    resources::{Made, Maker, Making, Properties, StackedResource},
    services::apigateway::records::base_path_mapping::BasePathMappingSettings,
};

/// A base path of a custom domain.
pub struct BasePathMapping;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::ApiGateway::BasePathMapping",
    properties: &[
        P::optional("BasePath", Shape::Text).replaces(),
        P::required("DomainName", Shape::Text).replaces(),
        P::refused("Id", "AWS sets it"),
        P::optional("RestApiId", Shape::Text),
        P::optional("Stage", Shape::Text),
    ],
    attributes: &[],
};

fn settings(properties: Properties<'_>) -> Result<BasePathMappingSettings, AwsError> {
    properties.settings(&[
        ("BasePath", "basePath"),
        ("RestApiId", "restApiId"),
        ("Stage", "stage"),
    ])
}

/// Returns `domain|base path`, the physical id.
fn made(mapping: &custom_domains::BasePathMapping) -> Made {
    Made::named(format!("{}|{}", mapping.domain_name, mapping.base_path))
}

fn parts(made: &StackResource) -> (&str, &str) {
    let id = made.reference.as_str();
    id.split_once('|').unwrap_or((id, ""))
}

impl StackedResource for BasePathMapping {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let domain = properties.text_or_empty("DomainName");
            let domains = maker.domains();
            let mapping = domains.create_base_path_mapping(domain, settings(properties)?);
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
            let (domain, path) = parts(before);
            let domains = maker.domains();
            let mapping = domains.replace_base_path_mapping(domain, path, settings(properties)?);
            Ok(made(&mapping.await?))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let (domain, path) = parts(made);
            gone_is_fine(maker.domains().delete_base_path_mapping(domain, path).await)
        })
    }
}
