//! `AWS::ApiGatewayV2::Stage`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigatewayv2-stage.html>

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_model::{StageName, resources::cloudformation::StackResource};

use super::{api_of, gone_is_fine, http_apis, texts_by_name};
use crate::{
    operation::AwsError,
    resources::{Made, Maker, Making, Properties, StackedResource},
    services::apigatewayv2::records::stage::StageSettings,
};

/// A stage of an HTTP API.
pub struct Stage;

const THROTTLING: &str = "throttling of HTTP APIs is not there yet";

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::ApiGatewayV2::Stage",
    properties: &[
        P::refused(
            "AccessLogSettings",
            "access logs of HTTP APIs are not written yet; every request has a trail instead",
        ),
        P::refused("AccessPolicyId", "AWS does not support it either"),
        P::required("ApiId", Shape::Text).replaces(),
        P::optional("AutoDeploy", Shape::Boolean),
        P::refused("ClientCertificateId", "it concerns WebSocket APIs"),
        P::refused("DefaultRouteSettings", THROTTLING),
        P::optional("DeploymentId", Shape::Text),
        P::optional("Description", Shape::Text),
        P::refused("RouteSettings", THROTTLING),
        P::required(
            "StageName",
            Shape::Pattern {
                expression: r"\$default|[A-Za-z0-9_-]{1,128}",
                says: "`$default`, or 1 to 128 letters, digits, `_` and `-`",
            },
        )
        .replaces(),
        P::optional("StageVariables", Shape::MapOf(&Shape::Text)),
        P::optional("Tags", Shape::Tags),
    ],
    attributes: &[],
};

fn settings(properties: Properties<'_>) -> Result<StageSettings, AwsError> {
    let mut settings: StageSettings = properties.settings(&[
        ("AutoDeploy", "autoDeploy"),
        ("DeploymentId", "deploymentId"),
        ("Description", "description"),
    ])?;
    settings.stage_variables = texts_by_name(properties, "StageVariables");
    settings.tags = properties.tags("Tags");
    Ok(settings)
}

impl StackedResource for Stage {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let name = StageName::from(properties.text_or_empty("StageName"));
            let settings = settings(properties)?;
            http_apis(maker)
                .create_stage(&api_of(properties), name.clone(), settings)
                .await?;
            Ok(Made::named(name.as_str()))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            let name = StageName::from(before.reference.as_str());
            http_apis(maker)
                .replace_stage(&api_of(properties), &name, settings(properties)?)
                .await?;
            Ok(Made::named(name.as_str()))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let api = api_of(Properties::of(&made.properties));
            let name = StageName::from(made.reference.as_str());
            gone_is_fine(http_apis(maker).delete_stage(&api, &name).await)
        })
    }

    fn settles(&self) -> bool {
        true
    }

    fn settle<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        // While the stack was made, routes came one by one; now all are there.
        Box::pin(async move {
            let api = api_of(Properties::of(&made.properties));
            let name = StageName::from(made.reference.as_str());
            http_apis(maker).refuse_failed_deployment(&api, &name).await
        })
    }
}
