//! `AWS::ApiGateway::ApiKey`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigateway-apikey.html>

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_model::resources::cloudformation::StackResource;

use super::gone_is_fine;
use crate::{
    operation::AwsError,
    resources::{Made, Maker, Making, Properties, StackedResource},
    services::apigateway::records::api_key::ApiKeySettings,
};

/// An API key.
pub struct ApiKey;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::ApiGateway::ApiKey",
    properties: &[
        P::optional("CustomerId", Shape::Text),
        P::optional("Description", Shape::Text),
        P::optional("Enabled", Shape::Boolean),
        P::optional("GenerateDistinctId", Shape::Boolean)
            .replaces()
            .inert("the id of a key is never its value"),
        P::optional("Name", Shape::Text).replaces(),
        P::refused(
            "StageKeys",
            "put the key into a usage plan, with AWS::ApiGateway::UsagePlanKey",
        ),
        P::optional("Tags", Shape::Tags),
        P::optional(
            "Value",
            Shape::TextLength {
                minimum: 20,
                maximum: 128,
            },
        )
        .replaces(),
    ],
    attributes: &["APIKeyId"],
};

fn settings(maker: &Maker<'_>, properties: Properties<'_>) -> Result<ApiKeySettings, AwsError> {
    let mut settings: ApiKeySettings = properties.settings(&[
        ("CustomerId", "customerId"),
        ("Description", "description"),
        ("Enabled", "enabled"),
        ("Name", "name"),
        ("Value", "value"),
    ])?;
    settings.tags = properties.tags("Tags");
    settings.name = settings.name.or_else(|| Some(maker.generated_name()));
    Ok(settings)
}

fn made(id: &str) -> Made {
    Made::named(id).with("APIKeyId", id)
}

impl StackedResource for ApiKey {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let settings = settings(maker, properties)?;
            let (key, _) = maker.plans().create_api_key(settings).await?;
            Ok(made(&key.id))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            let plans = maker.plans();
            let id = before.reference.as_str();
            let mut settings = settings(maker, properties)?;
            // A generated name stays, and so does the value.
            settings.name = plans.api_key(id).await?.value.name;
            settings.value = None;
            plans.replace_api_key(id, settings).await?;
            Ok(made(id))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move { gone_is_fine(maker.plans().delete_api_key(&made.reference).await) })
    }
}
