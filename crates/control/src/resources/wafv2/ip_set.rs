//! `AWS::WAFv2::IPSet`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-wafv2-ipset.html>

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_model::resources::{cloudformation::StackResource, wafv2};

use super::{find, find_if_there, made, name, replace_tags, scope};
use crate::resources::{Made, Maker, Making, Properties, StackedResource};

/// A set of addresses.
pub struct IpSet;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::WAFv2::IPSet",
    properties: &[
        P::required("Addresses", Shape::List(&Shape::Text)),
        super::DESCRIPTION,
        P::required("IPAddressVersion", Shape::OneOf(&["IPV4", "IPV6"])).replaces(),
        P::optional("Name", super::NAME).replaces(),
        P::required("Scope", super::SCOPE).replaces(),
        P::optional("Tags", Shape::Tags),
    ],
    attributes: &["Arn", "Id"],
};

impl StackedResource for IpSet {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let name = name(maker, properties);
            let set = maker
                .waf()
                .create_ip_set(
                    (scope(properties), &name),
                    properties.text_or_empty("IPAddressVersion"),
                    (properties.texts("Addresses"), properties.string("Description")),
                    properties.tags("Tags"),
                )
                .await?;
            Ok(made(&set))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            let kept = find(&maker.waf(), &before.reference).await?;
            let contents = (properties.texts("Addresses"), properties.string("Description"));
            let set = maker.waf().update_ip_set(kept, None, contents).await?;
            replace_tags::<wafv2::IpSet>(&maker.waf(), &before.reference, properties).await?;
            Ok(made(&set))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            match find_if_there(&maker.waf(), &made.reference).await? {
                Some(kept) => maker.waf().delete_ip_set(&kept, None).await,
                None => Ok(()),
            }
        })
    }
}
