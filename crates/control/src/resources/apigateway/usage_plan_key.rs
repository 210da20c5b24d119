//! `AWS::ApiGateway::UsagePlanKey`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigateway-usageplankey.html>

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_model::resources::cloudformation::StackResource;

use super::gone_is_fine;
use crate::resources::{Made, Maker, Making, Properties, StackedResource};

/// A key in a plan.
pub struct UsagePlanKey;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::ApiGateway::UsagePlanKey",
    properties: &[
        P::required("KeyId", Shape::Text).replaces(),
        P::required("KeyType", Shape::OneOf(&["API_KEY"])).replaces(),
        P::required("UsagePlanId", Shape::Text).replaces(),
    ],
    attributes: &["Id"],
};

/// `{key}:{plan}`, as AWS names the pair.
fn made(properties: Properties<'_>) -> Made {
    let (key, plan) = (
        properties.text_or_empty("KeyId"),
        properties.text_or_empty("UsagePlanId"),
    );
    let id = format!("{key}:{plan}");
    Made::named(id.as_str()).with("Id", id)
}

impl StackedResource for UsagePlanKey {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let (plan, key) = (
                properties.text_or_empty("UsagePlanId"),
                properties.text_or_empty("KeyId"),
            );
            let key_type = properties.text_or_empty("KeyType");
            maker.plans().create_usage_plan_key(plan, key, key_type).await?;
            Ok(made(properties))
        })
    }

    fn update<'a>(
        &'a self,
        _maker: &'a Maker<'a>,
        _before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        // Every property replaces it.
        Box::pin(async move { Ok(made(properties)) })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let properties = Properties::of(&made.properties);
            let (plan, key) = (
                properties.text_or_empty("UsagePlanId"),
                properties.text_or_empty("KeyId"),
            );
            gone_is_fine(maker.plans().delete_usage_plan_key(plan, key).await)
        })
    }
}
