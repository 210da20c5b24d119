//! `AWS::ApiGatewayV2::VpcLink`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigatewayv2-vpclink.html>

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_model::resources::cloudformation::StackResource;

use super::{gone_is_fine, http_apis, texts_by_name};
use crate::{
    resources::{Made, Maker, Making, Properties, StackedResource},
    services::apigatewayv2::records::vpc_link::VpcLinkSettings,
};

/// A VPC link of HTTP APIs.
pub struct VpcLink;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::ApiGatewayV2::VpcLink",
    properties: &[
        P::required("Name", Shape::Text),
        P::optional("SecurityGroupIds", Shape::List(&Shape::Text)).replaces(),
        P::required("SubnetIds", Shape::List(&Shape::Text)).replaces(),
        P::optional("Tags", Shape::MapOf(&Shape::Text)).replaces(),
    ],
    attributes: &["VpcLinkId"],
};

fn made(id: &str) -> Made {
    Made::named(id).with("VpcLinkId", id)
}

impl StackedResource for VpcLink {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let mut settings: VpcLinkSettings = properties.settings(&[
                ("Name", "name"),
                ("SecurityGroupIds", "securityGroupIds"),
                ("SubnetIds", "subnetIds"),
            ])?;
            settings.tags = texts_by_name(properties, "Tags");
            let link = http_apis(maker).create_vpc_link(settings).await?;
            Ok(made(&link.vpc_link_id))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            let id = before.reference.as_str();
            let name = properties.text_or_empty("Name");
            http_apis(maker).rename_vpc_link(id, name).await?;
            Ok(made(id))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move { gone_is_fine(http_apis(maker).delete_vpc_link(&made.reference).await) })
    }
}
