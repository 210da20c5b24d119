//! `AWS::IAM::Group`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-iam-group.html>

use portcullis_engines::cloudformation::{
    PropertySchema as P, ResourceSchema, ResourceTemplate, Shape, Template,
};
use portcullis_model::{
    Problem,
    resources::{cloudformation::StackResource, iam::Group as Record},
};

use super::holders::{
    POLICY, check_managed, check_policies, exchange_attached, exchange_inline, generated_name, policies,
    take_away,
};
use crate::resources::{Made, Maker, Making, Properties, StackedResource};

/// A group.
pub struct Group;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::IAM::Group",
    properties: &[
        P::optional(
            "GroupName",
            Shape::TextLength {
                minimum: 1,
                maximum: 128,
            },
        )
        .replaces(),
        P::optional("ManagedPolicyArns", Shape::List(&Shape::Text)),
        P::optional("Path", Shape::Text).replaces(),
        P::optional("Policies", Shape::List(&Shape::Object(POLICY))),
    ],
    attributes: &["Arn"],
};

fn made(maker: &Maker<'_>, group: &Record) -> Made {
    Made::named(group.group_name.clone()).with("Arn", group.arn(maker.scope.account.as_str()))
}

impl StackedResource for Group {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let name = properties.string("GroupName");
            let name = name.unwrap_or_else(|| generated_name(maker));
            let path = properties.text("Path").unwrap_or("/");
            let attached = properties.texts("ManagedPolicyArns").into_iter().collect();
            let inline = policies(properties)?;
            let group = maker.iam().create_group(&name, path, inline, attached).await?;
            Ok(made(maker, &group))
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
            exchange_inline(&mut found.value, before, properties)?;
            exchange_attached(&iam, &mut found.value, before, properties).await?;
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
            iam.delete_group(&found).await
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
