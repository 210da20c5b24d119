//! `AWS::WAFv2::WebACLAssociation`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-wafv2-webaclassociation.html>

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_model::resources::cloudformation::StackResource;

use crate::resources::{Made, Maker, Making, Properties, StackedResource};

/// The hold of a web ACL on a stage.
pub struct WebAclAssociation;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::WAFv2::WebACLAssociation",
    properties: &[
        P::required(
            "ResourceArn",
            Shape::TextLength {
                minimum: 20,
                maximum: 2048,
            },
        )
        .replaces(),
        P::required(
            "WebACLArn",
            Shape::TextLength {
                minimum: 20,
                maximum: 2048,
            },
        )
        .replaces(),
    ],
    attributes: &[],
};

impl StackedResource for WebAclAssociation {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let web_acl = properties.text_or_empty("WebACLArn");
            let resource = properties.text_or_empty("ResourceArn");
            maker.waf().associate(web_acl, resource).await?;
            Ok(Made::named(format!("{web_acl}|{resource}")))
        })
    }

    /// Both properties replace the resource: there is nothing to change in place.
    fn update<'a>(
        &'a self,
        _maker: &'a Maker<'a>,
        before: &'a StackResource,
        _properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move { Ok(Made::named(before.reference.as_str())) })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let Some((web_acl, resource)) = made.reference.split_once('|') else {
                return Ok(());
            };
            // One that replaces this one has its hold on the stage already.
            if maker.waf().guard_of(resource).await?.as_deref() == Some(web_acl) {
                maker.waf().disassociate(resource).await?;
            }
            Ok(())
        })
    }

    /// One that should have replaced this one has its hold on the stage, and will be deleted: it must find it gone.
    fn restore<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            match made.reference.split_once('|') {
                Some((web_acl, resource)) => maker.waf().associate(web_acl, resource).await,
                None => Ok(()),
            }
        })
    }
}
