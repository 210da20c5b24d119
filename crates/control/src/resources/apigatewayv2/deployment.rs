//! `AWS::ApiGatewayV2::Deployment`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigatewayv2-deployment.html>
//!
//! It must come after the routes: nothing in its properties says so, so a template needs `DependsOn`.

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_model::{DeploymentId, StageName, resources::cloudformation::StackResource};

use super::{api_of, gone_is_fine, http_apis};
use crate::{
    resources::{Made, Maker, Making, Properties, StackedResource},
    services::apigatewayv2::records::deployment::DeploymentSettings,
};

/// An image of an HTTP API.
pub struct Deployment;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::ApiGatewayV2::Deployment",
    properties: &[
        P::required("ApiId", Shape::Text).replaces(),
        P::optional("Description", Shape::Text),
        P::optional("StageName", Shape::Text).replaces(),
    ],
    attributes: &["DeploymentId"],
};

fn settings(properties: Properties<'_>) -> DeploymentSettings {
    DeploymentSettings {
        description: properties.string("Description"),
        stage_name: properties.text("StageName").map(StageName::from),
    }
}

fn made(id: &DeploymentId) -> Made {
    Made::named(id.as_str()).with("DeploymentId", id.as_str())
}

impl StackedResource for Deployment {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let deployment = http_apis(maker)
                .create_deployment(&api_of(properties), settings(properties))
                .await?;
            Ok(made(&deployment.deployment_id))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            let id = DeploymentId::from(before.reference.as_str());
            let description = properties.string("Description");
            http_apis(maker)
                .describe_deployment(&api_of(properties), &id, description)
                .await?;
            Ok(made(&id))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let api = api_of(Properties::of(&made.properties));
            let id = DeploymentId::from(made.reference.as_str());
            gone_is_fine(http_apis(maker).delete_deployment(&api, &id).await)
        })
    }
}
