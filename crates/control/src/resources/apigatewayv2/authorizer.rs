//! `AWS::ApiGatewayV2::Authorizer`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigatewayv2-authorizer.html>

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_model::{AuthorizerId, resources::cloudformation::StackResource};

use super::{api_of, camel_case, gone_is_fine, http_apis};
use crate::{
    operation::AwsError,
    resources::{Made, Maker, Making, Properties, StackedResource},
    services::apigatewayv2::records::authorizer::AuthorizerSettings,
};

/// A JWT or Lambda authorizer of an HTTP API.
pub struct Authorizer;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::ApiGatewayV2::Authorizer",
    properties: &[
        P::required("ApiId", Shape::Text).replaces(),
        P::refused(
            "AuthorizerCredentialsArn",
            "a function's own policy says who may invoke it: add an `AWS::Lambda::Permission`",
        ),
        P::optional("AuthorizerPayloadFormatVersion", Shape::OneOf(&["1.0", "2.0"])),
        P::optional(
            "AuthorizerResultTtlInSeconds",
            Shape::Integer {
                minimum: 0,
                maximum: 3_600,
            },
        ),
        P::required("AuthorizerType", Shape::OneOf(&["JWT", "REQUEST"])),
        P::optional("AuthorizerUri", Shape::Text),
        P::optional("EnableSimpleResponses", Shape::Boolean),
        P::optional("IdentitySource", Shape::List(&Shape::Text)),
        P::refused(
            "IdentityValidationExpression",
            "authorizers of HTTP APIs have none, on AWS neither",
        ),
        P::optional(
            "JwtConfiguration",
            Shape::Object(&[
                P::required("Audience", Shape::List(&Shape::Text)),
                P::required("Issuer", Shape::Text),
            ]),
        ),
        P::required(
            "Name",
            Shape::TextLength {
                minimum: 1,
                maximum: 128,
            },
        ),
    ],
    attributes: &["AuthorizerId"],
};

fn settings(properties: Properties<'_>) -> Result<AuthorizerSettings, AwsError> {
    let mut settings: AuthorizerSettings = properties.settings(&[
        ("AuthorizerPayloadFormatVersion", "authorizerPayloadFormatVersion"),
        ("AuthorizerResultTtlInSeconds", "authorizerResultTtlInSeconds"),
        ("AuthorizerType", "authorizerType"),
        ("AuthorizerUri", "authorizerUri"),
        ("EnableSimpleResponses", "enableSimpleResponses"),
        ("IdentitySource", "identitySource"),
        ("Name", "name"),
    ])?;
    if let Some(jwt) = properties.object("JwtConfiguration") {
        let jwt = serde_json::from_value(camel_case(jwt, &["Audience", "Issuer"]));
        settings.jwt_configuration =
            Some(jwt.map_err(|cause| AwsError::validation(format!("JwtConfiguration: {cause}")))?);
    }
    Ok(settings)
}

fn made(id: &str) -> Made {
    Made::named(id).with("AuthorizerId", id)
}

impl StackedResource for Authorizer {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let authorizer = http_apis(maker)
                .create_authorizer(&api_of(properties), settings(properties)?)
                .await?;
            Ok(made(authorizer.authorizer_id.as_str()))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            let id = AuthorizerId::from(before.reference.as_str());
            http_apis(maker)
                .replace_authorizer(&api_of(properties), &id, settings(properties)?)
                .await?;
            Ok(made(id.as_str()))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let api = api_of(Properties::of(&made.properties));
            let id = AuthorizerId::from(made.reference.as_str());
            gone_is_fine(http_apis(maker).delete_authorizer(&api, &id).await)
        })
    }
}
