//! `AWS::IAM::ManagedPolicy`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-iam-managedpolicy.html>

use portcullis_engines::cloudformation::{
    PropertySchema as P, ResourceSchema, ResourceTemplate, Shape, Template,
};
use portcullis_model::{
    Problem,
    resources::{
        cloudformation::StackResource,
        iam::{Group, ManagedPolicy as Record, PolicyVersion, Role, User},
    },
};

use super::holders::{check_document, generated_name, given};
use crate::{
    operation::AwsError,
    resources::{Made, Maker, Making, Properties, StackedResource},
    services::iam::{entities::Holder, managed::NewPolicy},
};

/// A managed policy.
pub struct ManagedPolicy;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::IAM::ManagedPolicy",
    properties: &[
        P::optional("Description", Shape::Text).replaces(),
        P::optional("Groups", Shape::List(&Shape::Text)),
        P::optional(
            "ManagedPolicyName",
            Shape::TextLength {
                minimum: 1,
                maximum: 128,
            },
        )
        .replaces(),
        P::optional("Path", Shape::Text).replaces(),
        P::required("PolicyDocument", Shape::Json),
        P::optional("Roles", Shape::List(&Shape::Text)),
        P::optional("Users", Shape::List(&Shape::Text)),
    ],
    attributes: &["DefaultVersionId", "PolicyArn", "PolicyId"],
};

fn made(maker: &Maker<'_>, policy: &Record) -> Made {
    let arn = policy.arn(maker.scope.account.as_str());
    Made::named(arn.clone())
        .with("PolicyArn", arn)
        .with("PolicyId", policy.policy_id.clone())
        .with("DefaultVersionId", format!("v{}", policy.default_version))
}

/// Attaches the policy to those that `after` names, and detaches it from those that only `before` names.
async fn exchange<H: Holder>(
    maker: &Maker<'_>,
    before: &[String],
    after: &[String],
    arn: &str,
) -> Result<(), AwsError> {
    let iam = maker.iam();
    for holder in before.iter().filter(|holder| !after.contains(holder)) {
        if let Some(mut found) = iam.find::<H>(holder).await?
            && found.value.attached_mut().remove(arn)
        {
            iam.write(&found).await?;
        }
    }
    for holder in after {
        let mut found = iam.read::<H>(holder).await?;
        iam.attach(&mut found.value, arn).await?;
        iam.write(&found).await?;
    }
    Ok(())
}

async fn exchange_all(
    maker: &Maker<'_>,
    before: Option<Properties<'_>>,
    after: Option<Properties<'_>>,
    arn: &str,
) -> Result<(), AwsError> {
    exchange::<User>(maker, &given(before, "Users"), &given(after, "Users"), arn).await?;
    exchange::<Group>(maker, &given(before, "Groups"), &given(after, "Groups"), arn).await?;
    exchange::<Role>(maker, &given(before, "Roles"), &given(after, "Roles"), arn).await
}

impl StackedResource for ManagedPolicy {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let name = properties.string("ManagedPolicyName");
            let new = NewPolicy {
                name: name.unwrap_or_else(|| generated_name(maker)),
                path: properties.text_or_empty("Path").to_owned(),
                document: properties.json_text("PolicyDocument").unwrap_or_default(),
                description: properties.string("Description"),
            };
            let made = made(maker, &maker.iam().create_policy(new).await?);
            exchange_all(maker, None, Some(properties), &made.physical_id).await?;
            Ok(made)
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
            let mut found = iam.policy(&before.reference).await?;
            let policy = &mut found.value;
            let document = properties.json_text("PolicyDocument").unwrap_or_default();
            if policy.document() != Some(&document) {
                // As CloudFormation does: a new version holds, and the oldest makes room for it.
                let create_date = maker.clock.now();
                policy.last_version = policy.last_version.saturating_add(1);
                policy.default_version = policy.last_version;
                policy.update_date = create_date;
                let version = PolicyVersion {
                    document,
                    create_date,
                };
                policy.versions.insert(policy.last_version, version);
                while policy.versions.len() > 5 {
                    policy.versions.pop_first();
                }
                iam.write(&found).await?;
            }
            let was = Properties::of(&before.properties);
            exchange_all(maker, Some(was), Some(properties), &before.reference).await?;
            Ok(made(maker, &found.value))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let iam = maker.iam();
            let was = Properties::of(&made.properties);
            exchange_all(maker, Some(was), None, &made.reference).await?;
            match iam.policy(&made.reference).await {
                Ok(policy) => iam.delete_policy(&policy).await,
                Err(error) if error.code == "NoSuchEntity" => Ok(()),
                Err(error) => Err(error),
            }
        })
    }

    fn check(&self, logical_id: &str, resource: &ResourceTemplate, _template: &Template) -> Vec<Problem> {
        let path = format!("Resources/{logical_id}/Properties");
        let mut problems = Vec::new();
        check_document(resource, &path, &mut problems);
        problems
    }
}
