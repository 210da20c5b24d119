//! `AWS::Cognito::UserPoolGroup`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-cognito-userpoolgroup.html>

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_identity::directory::GroupInput;
use portcullis_model::resources::cloudformation::StackResource;

use super::{gone_is_fine, refused};
use crate::resources::{Made, Maker, Making, Properties, StackedResource};

/// A group of users.
pub struct UserPoolGroup;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::Cognito::UserPoolGroup",
    properties: &[
        P::optional(
            "Description",
            Shape::TextLength {
                minimum: 0,
                maximum: 2048,
            },
        ),
        P::optional(
            "GroupName",
            Shape::TextLength {
                minimum: 1,
                maximum: 128,
            },
        )
        .replaces(),
        P::optional(
            "Precedence",
            Shape::Integer {
                minimum: 0,
                maximum: 2_147_483_647,
            },
        ),
        P::optional("RoleArn", Shape::Text),
        P::required("UserPoolId", Shape::Text).replaces(),
    ],
    attributes: &[],
};

fn input(properties: Properties<'_>, group_name: String) -> GroupInput {
    GroupInput {
        user_pool_id: properties.text_or_empty("UserPoolId").to_owned(),
        group_name,
        description: properties.string("Description"),
        role_arn: properties.string("RoleArn"),
        precedence: properties.number("Precedence"),
    }
}

impl StackedResource for UserPoolGroup {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let name = properties
                .string("GroupName")
                .unwrap_or_else(|| maker.generated_name());
            let input = input(properties, name);
            let group = maker
                .identity
                .create_group(maker.scope, input)
                .await
                .map_err(refused)?;
            Ok(Made::named(group.group_name))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            let input = input(properties, before.reference.clone());
            maker
                .identity
                .update_group(maker.scope, input)
                .await
                .map_err(refused)?;
            Ok(Made::named(before.reference.clone()))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let pool = Properties::of(&made.properties).text_or_empty("UserPoolId");
            gone_is_fine(
                maker
                    .identity
                    .delete_group(maker.scope, pool, &made.reference)
                    .await,
            )
        })
    }
}
