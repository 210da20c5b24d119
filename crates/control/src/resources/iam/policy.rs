//! `AWS::IAM::Policy`: an inline policy of users, groups and roles.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-iam-policy.html>

use portcullis_engines::cloudformation::{
    PropertySchema as P, ResourceSchema, ResourceTemplate, Shape, Template,
};
use portcullis_model::{
    Problem,
    resources::{
        cloudformation::StackResource,
        iam::{Group, Role, User},
    },
};

use super::holders::{check_document, check_held, given};
use crate::{
    operation::AwsError,
    resources::{Made, Maker, Making, Properties, StackedResource},
    services::iam::entities::Holder,
};

/// An inline policy.
pub struct Policy;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::IAM::Policy",
    properties: &[
        P::optional("Groups", Shape::List(&Shape::Text)),
        P::required("PolicyDocument", Shape::Json),
        P::required(
            "PolicyName",
            Shape::TextLength {
                minimum: 1,
                maximum: 128,
            },
        )
        .replaces(),
        P::optional("Roles", Shape::List(&Shape::Text)),
        P::optional("Users", Shape::List(&Shape::Text)),
    ],
    attributes: &["Id"],
};

/// Puts the policy on those that `after` names, and takes it from those that only `before` names.
async fn exchange<H: Holder>(
    maker: &Maker<'_>,
    before: &[String],
    after: &[String],
    (name, document): (&str, &str),
) -> Result<(), AwsError> {
    let iam = maker.iam();
    for holder in before.iter().filter(|holder| !after.contains(holder)) {
        if let Some(mut found) = iam.find::<H>(holder).await?
            && found.value.inline_mut().remove(name).is_some()
        {
            iam.write(&found).await?;
        }
    }
    for holder in after {
        let mut found = iam.read::<H>(holder).await?;
        let replaced = found
            .value
            .inline_mut()
            .insert(name.to_owned(), document.to_owned());
        if replaced.is_some() && !before.contains(holder) {
            let message = format!("{} `{holder}` has a policy `{name}` already", H::WORD);
            return Err(AwsError::new("EntityAlreadyExists", 409, message));
        }
        iam.write(&found).await?;
    }
    Ok(())
}

async fn exchange_all(
    maker: &Maker<'_>,
    before: Option<Properties<'_>>,
    after: Option<Properties<'_>>,
) -> Result<(), AwsError> {
    let of = after.or(before);
    let name = of.map(|of| of.text_or_empty("PolicyName")).unwrap_or_default();
    let document = of
        .and_then(|of| of.json_text("PolicyDocument"))
        .unwrap_or_default();
    let policy = (name, document.as_str());
    exchange::<User>(maker, &given(before, "Users"), &given(after, "Users"), policy).await?;
    exchange::<Group>(maker, &given(before, "Groups"), &given(after, "Groups"), policy).await?;
    exchange::<Role>(maker, &given(before, "Roles"), &given(after, "Roles"), policy).await
}

impl StackedResource for Policy {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            exchange_all(maker, None, Some(properties)).await?;
            let name = properties.text_or_empty("PolicyName");
            Ok(Made::named(name).with("Id", name))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            let was = Properties::of(&before.properties);
            exchange_all(maker, Some(was), Some(properties)).await?;
            Ok(Made::named(&*before.reference).with("Id", &*before.reference))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let was = Properties::of(&made.properties);
            exchange_all(maker, Some(was), None).await
        })
    }

    fn check(&self, logical_id: &str, resource: &ResourceTemplate, _template: &Template) -> Vec<Problem> {
        let path = format!("Resources/{logical_id}/Properties");
        let mut problems = Vec::new();
        check_document(resource, &path, &mut problems);
        check_held(resource, &path, &mut problems);
        problems
    }
}
