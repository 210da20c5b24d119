//! `AWS::ApiGateway::RequestValidator`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigateway-requestvalidator.html>

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_model::resources::cloudformation::StackResource;

use super::{api_of, gone_is_fine};
use crate::{
    resources::{Made, Maker, Making, Properties, StackedResource},
    services::apigateway::records::request_validator::RequestValidatorSettings,
};

/// What of a request is checked.
pub struct RequestValidator;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::ApiGateway::RequestValidator",
    properties: &[
        P::optional("Name", Shape::Text).replaces(),
        P::required("RestApiId", Shape::Text).replaces(),
        P::optional("ValidateRequestBody", Shape::Boolean),
        P::optional("ValidateRequestParameters", Shape::Boolean),
    ],
    attributes: &["RequestValidatorId"],
};

fn settings(properties: Properties<'_>) -> RequestValidatorSettings {
    let is_on = |name| properties.boolean(name).unwrap_or_default();
    RequestValidatorSettings {
        name: properties.string("Name"),
        validate_request_body: is_on("ValidateRequestBody"),
        validate_request_parameters: is_on("ValidateRequestParameters"),
    }
}

fn made(id: &str) -> Made {
    Made::named(id).with("RequestValidatorId", id)
}

impl StackedResource for RequestValidator {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let (api, settings) = (api_of(properties), settings(properties));
            let validator = maker.apis().create_request_validator(&api, settings).await?;
            Ok(made(&validator.id))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            let (api, id) = (api_of(properties), before.reference.as_str());
            let settings = settings(properties);
            maker.apis().replace_request_validator(&api, id, settings).await?;
            Ok(made(id))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let api = api_of(Properties::of(&made.properties));
            gone_is_fine(maker.apis().delete_request_validator(&api, &made.reference).await)
        })
    }
}
