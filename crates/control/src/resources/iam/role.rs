//! `AWS::IAM::Role`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-iam-role.html>

use portcullis_engines::{
    cloudformation::{PropertySchema as P, ResourceSchema, ResourceTemplate, Shape, Template},
    iam::Policy,
};
use portcullis_model::{
    Problem,
    resources::{cloudformation::StackResource, iam::Role as Record},
};

use super::holders::{
    POLICY, boundary, check_managed, check_policies, exchange_attached, exchange_inline, generated_name,
    policies,
};
use crate::{
    resources::{Made, Maker, Making, Properties, StackedResource, literal_json},
    services::iam::roles::NewRole,
};

/// A role.
pub struct Role;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::IAM::Role",
    properties: &[
        P::required("AssumeRolePolicyDocument", Shape::Json),
        P::optional(
            "Description",
            Shape::TextLength {
                minimum: 0,
                maximum: 1000,
            },
        ),
        P::optional("ManagedPolicyArns", Shape::List(&Shape::Text)),
        P::optional(
            "MaxSessionDuration",
            Shape::Integer {
                minimum: 3600,
                maximum: 43_200,
            },
        ),
        P::optional("Path", Shape::Text).replaces(),
        P::optional("PermissionsBoundary", Shape::Text),
        P::optional("Policies", Shape::List(&Shape::Object(POLICY))),
        P::optional(
            "RoleName",
            Shape::TextLength {
                minimum: 1,
                maximum: 64,
            },
        )
        .replaces(),
        P::optional("Tags", Shape::Tags),
    ],
    attributes: &["Arn", "RoleId"],
};

fn made(maker: &Maker<'_>, role: &Record) -> Made {
    Made::named(role.role_name.clone())
        .with("Arn", role.arn(maker.scope.account.as_str()))
        .with("RoleId", role.role_id.clone())
}

impl StackedResource for Role {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let name = properties.string("RoleName");
            let trust = properties.json_text("AssumeRolePolicyDocument");
            let new = NewRole {
                name: name.unwrap_or_else(|| generated_name(maker)),
                path: properties.text_or_empty("Path").to_owned(),
                trust: trust.unwrap_or_default(),
                description: properties.string("Description"),
                max_session_duration: properties.number("MaxSessionDuration"),
                tags: properties.tags("Tags"),
                policies: policies(properties)?,
                attached_policies: properties.texts("ManagedPolicyArns").into_iter().collect(),
                permissions_boundary: properties.string("PermissionsBoundary"),
            };
            Ok(made(maker, &maker.iam().create_role(new).await?))
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
            let role = &mut found.value;
            role.assume_role_policy_document = properties
                .json_text("AssumeRolePolicyDocument")
                .unwrap_or_default();
            role.description = properties.string("Description");
            role.max_session_duration = properties.number("MaxSessionDuration").unwrap_or(3600);
            role.tags = properties.tags("Tags");
            exchange_inline(role, before, properties)?;
            exchange_attached(&iam, role, before, properties).await?;
            role.permissions_boundary = boundary(&iam, properties).await?;
            let changed = made(maker, role);
            iam.write(&found).await?;
            Ok(changed)
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let iam = maker.iam();
            match iam.find::<Record>(&made.reference).await? {
                Some(role) => iam.delete(&role).await,
                None => Ok(()),
            }
        })
    }

    fn check(&self, logical_id: &str, resource: &ResourceTemplate, _template: &Template) -> Vec<Problem> {
        let path = format!("Resources/{logical_id}/Properties");
        let property = |name: &str| resource.properties.member(name);
        let mut problems = Vec::new();
        check_managed(resource, &path, &mut problems);
        check_policies(resource, &path, &mut problems);
        if let Some(trust) = property("AssumeRolePolicyDocument") {
            let wrong = literal_json(trust).and_then(|json| Policy::parse_trust(&json).err());
            let at = format!("{path}/AssumeRolePolicyDocument");
            problems.extend(wrong.map(|cause| Problem::error(Some(trust.place), at, cause.to_string())));
        }
        problems
    }
}
