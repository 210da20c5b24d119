//! `AWS::ApiGatewayV2::Integration`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigatewayv2-integration.html>

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_model::resources::cloudformation::StackResource;

use super::{api_of, gone_is_fine, http_apis, texts_by_name};
use crate::{
    operation::AwsError,
    resources::{Made, Maker, Making, Properties, StackedResource},
    services::apigatewayv2::records::integration::IntegrationSettings,
};

/// What stands behind routes of an HTTP API.
pub struct Integration;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::ApiGatewayV2::Integration",
    properties: &[
        P::required("ApiId", Shape::Text).replaces(),
        P::optional("ConnectionId", Shape::Text),
        P::optional("ConnectionType", Shape::OneOf(&["INTERNET", "VPC_LINK"])),
        P::refused("ContentHandlingStrategy", "it concerns WebSocket APIs"),
        P::refused(
            "CredentialsArn",
            "it concerns integrations with AWS services, which are not there yet",
        ),
        P::optional("Description", Shape::Text),
        P::optional("IntegrationMethod", Shape::Text),
        P::refused(
            "IntegrationSubtype",
            "integrations with AWS services are not there yet",
        ),
        P::required("IntegrationType", Shape::OneOf(&["HTTP_PROXY", "AWS_PROXY"])),
        P::required("IntegrationUri", Shape::Text),
        P::refused("PassthroughBehavior", "it concerns WebSocket APIs"),
        P::optional("PayloadFormatVersion", Shape::OneOf(&["1.0", "2.0"])),
        P::optional("RequestParameters", Shape::MapOf(&Shape::Text)),
        P::refused("RequestTemplates", "they concern WebSocket APIs"),
        P::refused("ResponseParameters", "mapping answers is not there yet"),
        P::refused("TemplateSelectionExpression", "it concerns WebSocket APIs"),
        P::optional(
            "TimeoutInMillis",
            Shape::Integer {
                minimum: 50,
                maximum: 30_000,
            },
        ),
        P::optional(
            "TlsConfig",
            Shape::Object(&[P::optional("ServerNameToVerify", Shape::Text)]),
        ),
    ],
    attributes: &["IntegrationId"],
};

fn settings(properties: Properties<'_>) -> Result<IntegrationSettings, AwsError> {
    let mut settings: IntegrationSettings = properties.settings(&[
        ("ConnectionId", "connectionId"),
        ("ConnectionType", "connectionType"),
        ("Description", "description"),
        ("IntegrationMethod", "integrationMethod"),
        ("IntegrationType", "integrationType"),
        ("IntegrationUri", "integrationUri"),
        ("PayloadFormatVersion", "payloadFormatVersion"),
        ("TimeoutInMillis", "timeoutInMillis"),
    ])?;
    if let Some(tls) = properties.object("TlsConfig") {
        settings.tls_config = Some(tls.settings(&[("ServerNameToVerify", "serverNameToVerify")])?);
    }
    settings.request_parameters = texts_by_name(properties, "RequestParameters");
    Ok(settings)
}

fn made(id: &str) -> Made {
    Made::named(id).with("IntegrationId", id)
}

impl StackedResource for Integration {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let integration = http_apis(maker)
                .create_integration(&api_of(properties), settings(properties)?)
                .await?;
            Ok(made(&integration.integration_id))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            let id = before.reference.as_str();
            http_apis(maker)
                .replace_integration(&api_of(properties), id, settings(properties)?)
                .await?;
            Ok(made(id))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let api = api_of(Properties::of(&made.properties));
            gone_is_fine(http_apis(maker).delete_integration(&api, &made.reference).await)
        })
    }
}
