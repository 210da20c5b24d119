//! `AWS::ApiGatewayV2::Route`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigatewayv2-route.html>
//!
//! `Target` must be there, unlike on AWS: a route without an integration would answer nothing.

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_model::resources::cloudformation::StackResource;

use super::{api_of, gone_is_fine, http_apis};
use crate::{
    operation::AwsError,
    resources::{Made, Maker, Making, Properties, StackedResource},
    services::apigatewayv2::records::route::RouteSettings,
};

/// A route of an HTTP API.
pub struct Route;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::ApiGatewayV2::Route",
    properties: &[
        P::required("ApiId", Shape::Text).replaces(),
        P::refused(
            "ApiKeyRequired",
            "routes of HTTP APIs have no API keys, on AWS neither",
        ),
        P::optional("AuthorizationScopes", Shape::List(&Shape::Text)),
        P::optional(
            "AuthorizationType",
            Shape::OneOf(&["NONE", "JWT", "CUSTOM", "AWS_IAM"]),
        ),
        P::optional("AuthorizerId", Shape::Text),
        P::refused("ModelSelectionExpression", "it concerns WebSocket APIs"),
        P::optional("OperationName", Shape::Text),
        P::refused("RequestModels", "they concern WebSocket APIs"),
        P::refused("RequestParameters", "they concern WebSocket APIs"),
        P::required("RouteKey", Shape::Text),
        P::refused("RouteResponseSelectionExpression", "it concerns WebSocket APIs"),
        P::required("Target", Shape::Text),
    ],
    attributes: &["RouteId"],
};

fn settings(properties: Properties<'_>) -> Result<RouteSettings, AwsError> {
    properties.settings(&[
        ("AuthorizationScopes", "authorizationScopes"),
        ("AuthorizationType", "authorizationType"),
        ("AuthorizerId", "authorizerId"),
        ("OperationName", "operationName"),
        ("RouteKey", "routeKey"),
        ("Target", "target"),
    ])
}

fn made(id: &str) -> Made {
    Made::named(id).with("RouteId", id)
}

impl StackedResource for Route {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let route = http_apis(maker)
                .create_route(&api_of(properties), settings(properties)?)
                .await?;
            Ok(made(&route.route_id))
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
                .replace_route(&api_of(properties), id, settings(properties)?)
                .await?;
            Ok(made(id))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let api = api_of(Properties::of(&made.properties));
            gone_is_fine(http_apis(maker).delete_route(&api, &made.reference).await)
        })
    }
}
