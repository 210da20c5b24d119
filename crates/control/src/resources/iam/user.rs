//! `AWS::IAM::User`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-iam-user.html>

use portcullis_engines::cloudformation::{
    PropertySchema as P, ResourceSchema, ResourceTemplate, Shape, Template,
};
use portcullis_model::{
    Problem,
    resources::{
        cloudformation::StackResource,
        iam::{Group, User as Record},
    },
};

use super::holders::{
    POLICY, boundary, check_managed, check_policies, exchange_attached, exchange_inline, generated_name,
    policies, take_away,
};
use crate::{
    resources::{Made, Maker, Making, Properties, StackedResource},
    services::iam::users::NewUser,
};

/// A user.
pub struct User;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::IAM::User",
    properties: &[
        P::optional("Groups", Shape::List(&Shape::Text)),
        P::refused(
            "LoginProfile",
            "there is no console to sign in to with an IAM user's password",
        ),
        P::optional("ManagedPolicyArns", Shape::List(&Shape::Text)),
        P::optional("Path", Shape::Text).replaces(),
        P::optional("PermissionsBoundary", Shape::Text),
        P::optional("Policies", Shape::List(&Shape::Object(POLICY))),
        P::refused("Tags", "users have no tags here yet"),
        P::optional(
            "UserName",
            Shape::TextLength {
                minimum: 1,
                maximum: 64,
            },
        )
        .replaces(),
    ],
    attributes: &["Arn"],
};

fn made(maker: &Maker<'_>, user: &Record) -> Made {
    Made::named(user.user_name.clone()).with("Arn", user.arn(maker.scope.account.as_str()))
}

impl StackedResource for User {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let name = properties.string("UserName");
            let new = NewUser {
                name: name.unwrap_or_else(|| generated_name(maker)),
                path: properties.text_or_empty("Path").to_owned(),
                policies: policies(properties)?,
                attached_policies: properties.texts("ManagedPolicyArns").into_iter().collect(),
                groups: properties.texts("Groups").into_iter().collect(),
                permissions_boundary: properties.string("PermissionsBoundary"),
            };
            Ok(made(maker, &maker.iam().create_user(new).await?))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            let iam = maker.iam();
            let mut found = iam.read::<Record>(&before.reference).await?;
            let user = &mut found.value;
            exchange_inline(user, before, properties)?;
            exchange_attached(&iam, user, before, properties).await?;
            user.permissions_boundary = boundary(&iam, properties).await?;
            for group in Properties::of(&before.properties).texts("Groups") {
                user.groups.remove(&group);
            }
            for group in properties.texts("Groups") {
                iam.read::<Group>(&group).await?;
                user.groups.insert(group);
            }
            iam.write(&found).await?;
            Ok(made(maker, &found.value))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let iam = maker.iam();
            let Some(mut found) = iam.find::<Record>(&made.reference).await? else {
                return Ok(());
            };
            take_away(&mut found.value, made);
            for group in Properties::of(&made.properties).texts("Groups") {
                found.value.groups.remove(&group);
            }
            iam.delete_user(&found).await
        })
    }

    fn check(&self, logical_id: &str, resource: &ResourceTemplate, _template: &Template) -> Vec<Problem> {
        let path = format!("Resources/{logical_id}/Properties");
        let mut problems = Vec::new();
        check_managed(resource, &path, &mut problems);
        check_policies(resource, &path, &mut problems);
        problems
    }
}
