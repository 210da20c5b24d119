//! `AWS::ApiGatewayV2::Stage`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigatewayv2-stage.html>

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_model::{
    StageName,
    resources::{apigatewayv2::RouteSetting, cloudformation::StackResource},
};

use serde_json::Value;

use super::{api_of, gone_is_fine, http_apis, texts_by_name};
use crate::{
    operation::AwsError,
    resources::{Made, Maker, Making, Properties, StackedResource, apigateway::stage::ACCESS_LOG_SETTING},
    services::apigatewayv2::records::stage::StageSettings,
};

/// A stage of an HTTP API.
pub struct Stage;

const ROUTE_SETTING: &[P] = &[
    P::optional("DataTraceEnabled", Shape::Boolean),
    P::optional("DetailedMetricsEnabled", Shape::Boolean),
    P::optional("LoggingLevel", Shape::OneOf(&["OFF"])),
    P::optional(
        "ThrottlingBurstLimit",
        Shape::Integer {
            minimum: 0,
            maximum: u32::MAX as i64,
        },
    ),
    P::optional("ThrottlingRateLimit", Shape::Number),
];

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::ApiGatewayV2::Stage",
    properties: &[
        P::optional("AccessLogSettings", ACCESS_LOG_SETTING),
        P::refused("AccessPolicyId", "AWS does not support it either"),
        P::required("ApiId", Shape::Text).replaces(),
        P::optional("AutoDeploy", Shape::Boolean),
        P::refused("ClientCertificateId", "it concerns WebSocket APIs"),
        P::optional("DefaultRouteSettings", Shape::Object(ROUTE_SETTING)),
        P::optional("DeploymentId", Shape::Text),
        P::optional("Description", Shape::Text),
        P::optional("RouteSettings", Shape::MapOf(&Shape::Object(ROUTE_SETTING))),
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
    if let Some(log) = properties.object("AccessLogSettings") {
        let names = [("DestinationArn", "destinationArn"), ("Format", "format")];
        settings.access_log_settings = Some(log.settings(&names)?);
    }
    if let Some(setting) = properties.object("DefaultRouteSettings") {
        settings.default_route_settings = route_setting(setting)?;
    }
    let by_key = properties.value("RouteSettings").and_then(Value::as_object);
    for (key, setting) in by_key.into_iter().flatten() {
        let setting = route_setting(Properties::of(setting))?;
        settings.route_settings.insert(key.clone(), setting);
    }
    settings.stage_variables = texts_by_name(properties, "StageVariables");
    settings.tags = properties.tags("Tags");
    Ok(settings)
}

fn route_setting(setting: Properties<'_>) -> Result<RouteSetting, AwsError> {
    setting.settings(&[
        ("DataTraceEnabled", "dataTraceEnabled"),
        ("DetailedMetricsEnabled", "detailedMetricsEnabled"),
        ("LoggingLevel", "loggingLevel"),
        ("ThrottlingBurstLimit", "throttlingBurstLimit"),
        ("ThrottlingRateLimit", "throttlingRateLimit"),
    ])
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
