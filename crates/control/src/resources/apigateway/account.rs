//! `AWS::ApiGateway::Account`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigateway-account.html>
//!
//! There is one in an account and region. As on AWS, a stack that goes leaves it as it is.

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_model::resources::cloudformation::StackResource;

use crate::{
    operation::AwsError,
    resources::{Made, Maker, Making, Properties, StackedResource},
    services::apigateway::records::account,
};

/// What holds for all APIs of an account.
pub struct Account;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::ApiGateway::Account",
    properties: &[P::optional("CloudWatchRoleArn", Shape::Text)
        .inert("logs are written by the server itself, which takes on no role for it")],
    attributes: &["Id"],
};

async fn put(maker: &Maker<'_>, properties: Properties<'_>) -> Result<(), AwsError> {
    let account = account::Account {
        cloudwatch_role_arn: properties.string("CloudWatchRoleArn"),
    };
    maker.apis().put_account(&account).await
}

impl StackedResource for Account {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            put(maker, properties).await?;
            let id = maker.generated_name();
            Ok(Made::named(id.as_str()).with("Id", id))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            put(maker, properties).await?;
            let id = before.reference.as_str();
            Ok(Made::named(id).with("Id", id))
        })
    }

    fn delete<'a>(&'a self, _maker: &'a Maker<'a>, _made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async { Ok(()) })
    }
}
