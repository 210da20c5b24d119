//! `AWS::ApiGateway::GatewayResponse`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigateway-gatewayresponse.html>

use portcullis_engines::cloudformation::{
    PropertySchema as P, ResourceSchema, ResourceTemplate, Shape, Template,
};
use portcullis_model::{Problem, resources::cloudformation::StackResource};

use super::{api_of, gone_is_fine};
use crate::{
    operation::AwsError,
    resources::{Made, Maker, Making, Properties, StackedResource, cors_check},
    services::apigateway::records::gateway_response::GatewayResponseSettings,
};

/// A customised answer for one kind of refusal.
pub struct GatewayResponse;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::ApiGateway::GatewayResponse",
    properties: &[
        P::optional("ResponseParameters", Shape::MapOf(&Shape::Text)),
        P::optional("ResponseTemplates", Shape::MapOf(&Shape::Text)),
        P::required(
            "ResponseType",
            Shape::OneOf(&[
                "ACCESS_DENIED",
                "API_CONFIGURATION_ERROR",
                "AUTHORIZER_CONFIGURATION_ERROR",
                "AUTHORIZER_FAILURE",
                "BAD_REQUEST_BODY",
                "BAD_REQUEST_PARAMETERS",
                "DEFAULT_4XX",
                "DEFAULT_5XX",
                "EXPIRED_TOKEN",
                "INTEGRATION_FAILURE",
                "INTEGRATION_TIMEOUT",
                "INVALID_API_KEY",
                "INVALID_SIGNATURE",
                "MISSING_AUTHENTICATION_TOKEN",
                "QUOTA_EXCEEDED",
                "REQUEST_TOO_LARGE",
                "RESOURCE_NOT_FOUND",
                "THROTTLED",
                "UNAUTHORIZED",
                "UNSUPPORTED_MEDIA_TYPE",
                "WAF_FILTERED",
            ]),
        )
        .replaces(),
        P::required("RestApiId", Shape::Text).replaces(),
        P::optional(
            "StatusCode",
            Shape::Pattern {
                expression: "[1-5][0-9][0-9]",
                says: "a status of three digits",
            },
        ),
    ],
    attributes: &["Id"],
};

async fn put(maker: &Maker<'_>, properties: Properties<'_>) -> Result<Made, AwsError> {
    let settings: GatewayResponseSettings = properties.settings(&[
        ("ResponseParameters", "responseParameters"),
        ("ResponseTemplates", "responseTemplates"),
        ("StatusCode", "statusCode"),
    ])?;
    let (api, kind) = (api_of(properties), properties.text_or_empty("ResponseType"));
    maker.apis().put_gateway_response(&api, kind, settings).await?;
    // AWS calls it "the ID of the gateway response" and shows none; API and type identify it.
    let id = format!("{api}:{kind}");
    Ok(Made::named(id.clone()).with("Id", id))
}

impl StackedResource for GatewayResponse {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(put(maker, properties))
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        _before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(put(maker, properties))
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let properties = Properties::of(&made.properties);
            let (api, kind) = (api_of(properties), properties.text_or_empty("ResponseType"));
            gone_is_fine(maker.apis().delete_gateway_response(&api, kind).await)
        })
    }
    fn check(&self, logical_id: &str, resource: &ResourceTemplate, template: &Template) -> Vec<Problem> {
        let found = cors_check::check_gateway_response(logical_id, resource, template);
        found.into_iter().collect()
    }
}
