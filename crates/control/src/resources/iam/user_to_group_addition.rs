//! `AWS::IAM::UserToGroupAddition`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-iam-usertogroupaddition.html>

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_model::resources::{
    cloudformation::StackResource,
    iam::{Group, User},
};

use crate::{
    operation::AwsError,
    resources::{Made, Maker, Making, Properties, StackedResource},
};

/// Users of a group.
pub struct UserToGroupAddition;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::IAM::UserToGroupAddition",
    properties: &[
        P::required("GroupName", Shape::Text).replaces(),
        P::required("Users", Shape::List(&Shape::Text)),
    ],
    attributes: &["Id"],
};

/// Takes out those who were in, and puts in those who are to be.
async fn exchange(
    maker: &Maker<'_>,
    group: &str,
    before: &[String],
    after: &[String],
) -> Result<(), AwsError> {
    let iam = maker.iam();
    for name in before.iter().filter(|name| !after.contains(name)) {
        if let Some(mut user) = iam.find::<User>(name).await?
            && user.value.groups.remove(group)
        {
            iam.write(&user).await?;
        }
    }
    for name in after {
        let mut user = iam.read::<User>(name).await?;
        if user.value.groups.insert(group.to_owned()) {
            iam.write(&user).await?;
        }
    }
    Ok(())
}

impl StackedResource for UserToGroupAddition {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let group = properties.text_or_empty("GroupName");
            let group = maker.iam().read::<Group>(group).await?.value;
            exchange(maker, &group.group_name, &[], &properties.texts("Users")).await?;
            let id = maker.generated_id();
            Ok(Made::named(id.clone()).with("Id", id))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            let group = properties.text_or_empty("GroupName");
            let was = Properties::of(&before.properties).texts("Users");
            exchange(maker, group, &was, &properties.texts("Users")).await?;
            Ok(Made::named(&*before.reference).with("Id", &*before.reference))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let properties = Properties::of(&made.properties);
            let group = properties.text_or_empty("GroupName");
            exchange(maker, group, &properties.texts("Users"), &[]).await
        })
    }
}
