//! `AWS::ApiGateway::Stage`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigateway-stage.html>

use portcullis_engines::cloudformation::{
    PropertySchema as P, ResourceSchema, ResourceTemplate, Shape, Template,
};
use portcullis_model::{
    Problem, StageName,
    resources::{apigateway::AccessLogSettings, cloudformation::StackResource},
};

use super::{api_of, gone_is_fine, literal, problem_at};
use crate::{
    operation::AwsError,
    resources::{Made, Maker, Making, Properties, StackedResource},
    services::apigateway::{
        errors::bad_request,
        records::{
            canary::CanaryChoice,
            method_setting::{self, MethodSettings},
            stage::StageSettings,
        },
    },
};

/// A stage of a REST API.
pub struct Stage;

pub(super) const STAGE_NAME: Shape = Shape::Pattern {
    expression: "[A-Za-z0-9_-]{1,128}",
    says: "1 to 128 letters, digits, `_` and `-`",
};

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::ApiGateway::Stage",
    properties: &[
        P::optional("AccessLogSetting", ACCESS_LOG_SETTING),
        P::optional("CacheClusterEnabled", Shape::Boolean),
        P::optional("CacheClusterSize", Shape::Text),
        P::optional("CanarySetting", CANARY_SETTING),
        P::optional("ClientCertificateId", Shape::Text),
        P::required("DeploymentId", Shape::Text),
        P::optional("Description", Shape::Text),
        P::refused("DocumentationVersion", "documentation is not kept"),
        P::optional("MethodSettings", METHOD_SETTINGS),
        P::required("RestApiId", Shape::Text).replaces(),
        P::required("StageName", STAGE_NAME).replaces(),
        P::optional("Tags", Shape::Tags),
        P::optional("TracingEnabled", Shape::Boolean),
        P::optional("Variables", Shape::MapOf(&Shape::Text)),
    ],
    attributes: &[],
};

pub(in crate::resources) const ACCESS_LOG_SETTING: Shape = Shape::Object(&[
    P::optional("DestinationArn", Shape::Text),
    P::optional("Format", Shape::Text),
]);

const CANARY_SETTING: Shape = Shape::Object(&[
    P::optional("DeploymentId", Shape::Text),
    P::optional("PercentTraffic", Shape::Number),
    P::optional("StageVariableOverrides", Shape::MapOf(&Shape::Text)),
    P::optional("UseStageCache", Shape::Boolean),
]);

/// Reads what a canary is.
pub(super) fn canary(setting: Properties<'_>) -> Result<CanaryChoice, AwsError> {
    let names = [
        ("DeploymentId", "deploymentId"),
        ("PercentTraffic", "percentTraffic"),
        ("StageVariableOverrides", "stageVariableOverrides"),
        ("UseStageCache", "useStageCache"),
    ];
    setting.settings(&names)
}

/// Reads where a stage logs its requests.
pub(super) fn access_log_settings(properties: Properties<'_>) -> Result<Option<AccessLogSettings>, AwsError> {
    let Some(setting) = properties.object("AccessLogSetting") else {
        return Ok(None);
    };
    let names = [("DestinationArn", "destinationArn"), ("Format", "format")];
    setting.settings(&names).map(Some)
}

pub(super) const CACHE_TTL: Shape = Shape::Integer {
    minimum: 0,
    maximum: 3_600,
};

pub(super) const METHOD_SETTINGS: Shape = Shape::List(&Shape::Object(&[
    P::optional("CacheDataEncrypted", Shape::Boolean),
    P::optional("CacheTtlInSeconds", CACHE_TTL),
    P::optional("CachingEnabled", Shape::Boolean),
    P::optional("DataTraceEnabled", Shape::Boolean),
    P::required("HttpMethod", Shape::Text),
    P::optional("LoggingLevel", Shape::OneOf(&["OFF", "ERROR", "INFO"])),
    P::optional("MetricsEnabled", Shape::Boolean),
    P::required("ResourcePath", Shape::Text),
    P::optional(
        "ThrottlingBurstLimit",
        Shape::Integer {
            minimum: 0,
            maximum: u32::MAX as i64,
        },
    ),
    P::optional("ThrottlingRateLimit", Shape::Number),
]));

/// Reads what a stage says of its methods.
pub(super) fn method_settings(properties: Properties<'_>) -> Result<MethodSettings, AwsError> {
    let mut settings = MethodSettings::new();
    for setting in properties.objects("MethodSettings") {
        let (path, method) = (
            setting.text_or_empty("ResourcePath"),
            setting.text_or_empty("HttpMethod"),
        );
        let Some(key) = method_setting::key_of(path, method) else {
            return Err(bad_request(format!(
                "MethodSettings: `{path}` and `{method}` name no method: give a path and a method, or `/*` and `*` for all"
            )));
        };
        let setting = setting.settings(&[
            ("CacheDataEncrypted", "cacheDataEncrypted"),
            ("CacheTtlInSeconds", "cacheTtlInSeconds"),
            ("CachingEnabled", "cachingEnabled"),
            ("DataTraceEnabled", "dataTraceEnabled"),
            ("LoggingLevel", "loggingLevel"),
            ("MetricsEnabled", "metricsEnabled"),
            ("ThrottlingBurstLimit", "throttlingBurstLimit"),
            ("ThrottlingRateLimit", "throttlingRateLimit"),
        ])?;
        if settings.insert(key, setting).is_some() {
            return Err(bad_request(format!(
                "MethodSettings: `{path}` and `{method}` are named twice"
            )));
        }
    }
    Ok(settings)
}

fn settings(properties: Properties<'_>) -> Result<StageSettings, AwsError> {
    let mut settings: StageSettings = properties.settings(&[
        ("CacheClusterEnabled", "cacheClusterEnabled"),
        ("CacheClusterSize", "cacheClusterSize"),
        ("ClientCertificateId", "clientCertificateId"),
        ("DeploymentId", "deploymentId"),
        ("Description", "description"),
        ("TracingEnabled", "tracingEnabled"),
        ("Variables", "variables"),
    ])?;
    settings.method_settings = method_settings(properties)?;
    settings.access_log_settings = access_log_settings(properties)?;
    settings.canary_settings = properties.object("CanarySetting").map(canary).transpose()?;
    settings.tags = properties.tags("Tags");
    Ok(settings)
}

/// Says which switches of a stage are on that have no effect here.
pub(super) fn check_switches(logical_id: &str, resource: &ResourceTemplate, within: &[&str]) -> Vec<Problem> {
    const SWITCHES: [(&str, &str); 1] = [(
        "TracingEnabled",
        "there is no X-Ray; every request has a trail instead",
    )];
    let on = |name| {
        let path: Vec<&str> = within.iter().copied().chain([name]).collect();
        literal(resource, &path).filter(|(_, text)| text.eq_ignore_ascii_case("true"))
    };
    SWITCHES
        .iter()
        .filter_map(|(name, reason)| {
            let (node, _) = on(*name)?;
            let path: Vec<&str> = within.iter().copied().chain([*name]).collect();
            Some(problem_at(
                node,
                logical_id,
                &path.join("/"),
                format!("is not supported: {reason}"),
            ))
        })
        .collect()
}

impl StackedResource for Stage {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let name = StageName::from(properties.text_or_empty("StageName"));
            maker
                .apis()
                .create_stage(&api_of(properties), &name, settings(properties)?)
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
            maker
                .apis()
                .replace_stage(&api_of(properties), &name, settings(properties)?)
                .await?;
            Ok(Made::named(name.as_str()))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let api = api_of(Properties::of(&made.properties));
            let name = StageName::from(made.reference.as_str());
            gone_is_fine(maker.apis().delete_stage(&api, &name).await)
        })
    }

    fn check(&self, logical_id: &str, resource: &ResourceTemplate, _template: &Template) -> Vec<Problem> {
        check_switches(logical_id, resource, &[])
    }
}
