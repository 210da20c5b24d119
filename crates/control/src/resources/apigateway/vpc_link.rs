//! `AWS::ApiGateway::VpcLink`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigateway-vpclink.html>

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_model::resources::{cloudformation::StackResource, vpc_links};

use super::gone_is_fine;
use crate::{
    operation::AwsError,
    resources::{Made, Maker, Making, Properties, StackedResource},
    services::apigateway::records::vpc_link::VpcLinkSettings,
};

/// A VPC link of REST APIs.
pub struct VpcLink;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::ApiGateway::VpcLink",
    properties: &[
        P::optional("Description", Shape::Text),
        P::required("Name", Shape::Text),
        P::optional("Tags", Shape::Tags),
        P::required("TargetArns", Shape::List(&Shape::Text)).replaces(),
    ],
    attributes: &["VpcLinkId"],
};

fn settings(properties: Properties<'_>) -> Result<VpcLinkSettings, AwsError> {
    let mut settings: VpcLinkSettings = properties.settings(&[
        ("Description", "description"),
        ("Name", "name"),
        ("TargetArns", "targetArns"),
    ])?;
    settings.tags = properties.tags("Tags");
    Ok(settings)
}

fn made(link: &vpc_links::VpcLink) -> Made {
    Made::named(link.id.as_str()).with("VpcLinkId", link.id.as_str())
}

impl StackedResource for VpcLink {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move { Ok(made(&maker.apis().create_vpc_link(settings(properties)?).await?)) })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            let settings = settings(properties)?;
            let link = maker.apis().replace_vpc_link(&before.reference, settings).await?;
            Ok(made(&link))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move { gone_is_fine(maker.apis().delete_vpc_link(&made.reference).await) })
    }
}
