//! `AWS::Cognito::UserPoolUserToGroupAttachment`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-cognito-userpoolusertogroupattachment.html>

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_model::resources::cloudformation::StackResource;

use super::{gone_is_fine, refused};
use crate::resources::{Made, Maker, Making, Properties, StackedResource};

/// A user's membership of a group.
pub struct UserPoolUserToGroupAttachment;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::Cognito::UserPoolUserToGroupAttachment",
    properties: &[
        P::required("GroupName", Shape::Text).replaces(),
        P::required("UserPoolId", Shape::Text).replaces(),
        P::required("Username", Shape::Text).replaces(),
    ],
    attributes: &[],
};

impl StackedResource for UserPoolUserToGroupAttachment {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let pool = properties.text_or_empty("UserPoolId");
            let (user, group) = (
                properties.text_or_empty("Username"),
                properties.text_or_empty("GroupName"),
            );
            let identity = maker.identity;
            identity
                .admin_add_user_to_group(maker.scope, pool, user, group)
                .await
                .map_err(refused)?;
            let random = maker.entropy.alphanumeric(12);
            Ok(Made::named(format!("UserToGroupAttachment-{random}")))
        })
    }

    fn update<'a>(
        &'a self,
        _maker: &'a Maker<'a>,
        before: &'a StackResource,
        _properties: Properties<'a>,
    ) -> Making<'a, Made> {
        // Every property replaces: there is nothing to change in place.
        Box::pin(async move { Ok(Made::named(before.reference.clone())) })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let properties = Properties::of(&made.properties);
            let pool = properties.text_or_empty("UserPoolId");
            let (user, group) = (
                properties.text_or_empty("Username"),
                properties.text_or_empty("GroupName"),
            );
            let identity = maker.identity;
            let gone = identity.admin_remove_user_from_group(maker.scope, pool, user, group);
            gone_is_fine(gone.await)
        })
    }
}
