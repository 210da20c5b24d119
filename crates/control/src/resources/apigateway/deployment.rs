//! `AWS::ApiGateway::Deployment`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigateway-deployment.html>
//!
//! With `StageName` it makes the stage, or points it at itself. It must come after the methods: nothing in its
//! properties says so, so a template needs `DependsOn`.

use std::collections::BTreeMap;

use portcullis_engines::cloudformation::{
    PropertySchema as P, ResourceSchema, ResourceTemplate, Shape, Template,
};
use portcullis_model::{
    ApiId, DeploymentId, Problem, StageName,
    resources::{apigateway::MethodSetting, cloudformation::StackResource},
};

use super::{
    api_of, gone_is_fine,
    stage::{
        ACCESS_LOG_SETTING, CACHE_TTL, METHOD_SETTINGS, STAGE_NAME, access_log_settings, canary,
        check_switches, method_settings,
    },
};
use crate::{
    operation::AwsError,
    resources::{Made, Maker, Making, Properties, StackedResource},
    services::apigateway::{
        errors::{bad_request, unsupported},
        records::{
            canary::CanaryChoice, deployment::DeploymentSettings, method_setting::MethodSettings,
            stage::StageSettings,
        },
    },
};

/// An image of a REST API.
pub struct Deployment;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::ApiGateway::Deployment",
    properties: &[
        P::optional(CANARY_SETTINGS, CANARY).replaces(),
        P::optional("Description", Shape::Text),
        P::required("RestApiId", Shape::Text).replaces(),
        P::optional(
            "StageDescription",
            Shape::Object(&[
                P::optional("AccessLogSetting", ACCESS_LOG_SETTING),
                P::optional("CacheClusterEnabled", Shape::Boolean),
                P::optional("CacheClusterSize", Shape::Text),
                P::optional("CacheDataEncrypted", Shape::Boolean),
                P::optional("CacheTtlInSeconds", CACHE_TTL),
                P::optional("CachingEnabled", Shape::Boolean),
                P::refused("CanarySetting", "set `CanarySetting` of the stage instead"),
                P::optional("ClientCertificateId", Shape::Text),
                P::optional("DataTraceEnabled", Shape::Boolean),
                P::optional("Description", Shape::Text),
                P::refused("DocumentationVersion", "documentation is not kept"),
                P::optional("LoggingLevel", Shape::OneOf(&["OFF", "ERROR", "INFO"])),
                P::optional("MethodSettings", METHOD_SETTINGS),
                P::optional("MetricsEnabled", Shape::Boolean),
                P::optional("Tags", Shape::Tags),
                P::optional(
                    "ThrottlingBurstLimit",
                    Shape::Integer {
                        minimum: 0,
                        maximum: u32::MAX as i64,
                    },
                ),
                P::optional("ThrottlingRateLimit", Shape::Number),
                P::optional("TracingEnabled", Shape::Boolean),
                P::optional("Variables", Shape::MapOf(&Shape::Text)),
            ]),
        ),
        P::optional("StageName", STAGE_NAME),
    ],
    attributes: &["DeploymentId"],
};

/// With it the stage stays where it is, and its canary is the deployment.
const CANARY_SETTINGS: &str = "DeploymentCanarySettings";

const CANARY: Shape = Shape::Object(&[
    P::optional("PercentTraffic", Shape::Number),
    P::optional("StageVariableOverrides", Shape::MapOf(&Shape::Text)),
    P::optional("UseStageCache", Shape::Boolean),
]);

fn made(id: &DeploymentId) -> Made {
    Made::named(id.as_str()).with("DeploymentId", id.as_str())
}

fn variables(stage: Properties<'_>) -> BTreeMap<String, String> {
    let entries = stage
        .value("Variables")
        .and_then(|value| value.as_object())
        .into_iter()
        .flatten();
    entries
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// Refuses the switches of a stage that would have to do something.
fn refuse_switches(properties: Properties<'_>) -> Result<(), AwsError> {
    let Some(stage) = properties.object("StageDescription") else {
        return Ok(());
    };
    if stage.boolean("TracingEnabled") == Some(true) {
        return Err(unsupported(
            "StageDescription/TracingEnabled",
            "there is no X-Ray; every request has a trail instead",
        ));
    }
    Ok(())
}

/// Reads the settings of the stage's methods; the description's own throttle is that of all methods.
fn stage_methods(stage: Option<Properties<'_>>) -> Result<MethodSettings, AwsError> {
    let Some(stage) = stage else {
        return Ok(MethodSettings::new());
    };
    let mut settings = method_settings(stage)?;
    let own: MethodSetting = stage.settings(&[
        ("CacheDataEncrypted", "cacheDataEncrypted"),
        ("CacheTtlInSeconds", "cacheTtlInSeconds"),
        ("CachingEnabled", "cachingEnabled"),
        ("DataTraceEnabled", "dataTraceEnabled"),
        ("LoggingLevel", "loggingLevel"),
        ("MetricsEnabled", "metricsEnabled"),
        ("ThrottlingBurstLimit", "throttlingBurstLimit"),
        ("ThrottlingRateLimit", "throttlingRateLimit"),
    ])?;
    if own != MethodSetting::default() && settings.insert("*/*".to_owned(), own).is_some() {
        return Err(bad_request(
            "StageDescription: give the settings of all methods once, in `MethodSettings` or beside it",
        ));
    }
    Ok(settings)
}

fn settings(properties: Properties<'_>) -> Result<DeploymentSettings, AwsError> {
    let stage = properties.object("StageDescription");
    Ok(DeploymentSettings {
        description: properties.string("Description"),
        stage_name: properties.text("StageName").map(StageName::from),
        stage_description: stage.and_then(|stage| stage.string("Description")),
        variables: stage.map(variables).unwrap_or_default(),
        stage_tags: stage.map(|stage| stage.tags("Tags")).unwrap_or_default(),
        method_settings: stage_methods(stage)?,
        access_log_settings: stage.map(access_log_settings).transpose()?.flatten(),
        client_certificate_id: stage.and_then(|stage| stage.string("ClientCertificateId")),
        cache_cluster_enabled: stage.and_then(|stage| stage.boolean("CacheClusterEnabled")),
        cache_cluster_size: stage.and_then(|stage| stage.string("CacheClusterSize")),
        canary_settings: properties.object(CANARY_SETTINGS).map(canary).transpose()?,
        ..DeploymentSettings::default()
    })
}

/// Makes the stage that the properties name point at a deployment, and gives it exactly their settings.
async fn point_stage(
    maker: &Maker<'_>,
    api: &ApiId,
    id: &DeploymentId,
    properties: Properties<'_>,
) -> Result<(), AwsError> {
    let Some(name) = properties.text("StageName").map(StageName::from) else {
        return Ok(());
    };
    let from = settings(properties)?;
    let stage = StageSettings {
        deployment_id: Some(id.clone()),
        description: from.stage_description,
        variables: from.variables,
        method_settings: from.method_settings,
        tags: from.stage_tags,
        access_log_settings: from.access_log_settings,
        client_certificate_id: from.client_certificate_id,
        cache_cluster_enabled: from.cache_cluster_enabled,
        cache_cluster_size: from.cache_cluster_size,
        ..StageSettings::default()
    };
    match maker.apis().stage(api, &name).await {
        Ok(_) => maker.apis().replace_stage(api, &name, stage).await.map(drop),
        Err(error) if error.code == "NotFoundException" => {
            maker.apis().create_stage(api, &name, stage).await.map(drop)
        }
        Err(error) => Err(error),
    }
}

/// Returns the stage that a deployment names, if it names one.
fn stage_named_by(made: &StackResource) -> Option<(ApiId, StageName)> {
    let properties = Properties::of(&made.properties);
    let name = properties.text("StageName").map(StageName::from)?;
    Some((api_of(properties), name))
}

/// Makes a deployment the canary of its stage again, or takes the canary away where it is the deployment.
async fn put_canary(
    maker: &Maker<'_>,
    made: &StackResource,
    choice: Option<CanaryChoice>,
) -> Result<(), AwsError> {
    let Some((api, name)) = stage_named_by(made) else {
        return Ok(());
    };
    let stage = match maker.apis().stage(&api, &name).await {
        Ok(stage) => stage.value,
        Err(error) => return gone_is_fine(Err(error)),
    };
    let canary = stage.canary_settings.as_ref();
    let own = canary.filter(|canary| canary.deployment_id.as_str() == made.reference);
    if own.is_some() == choice.is_some() {
        return Ok(());
    }
    let settings = StageSettings {
        canary_settings: choice,
        ..StageSettings::of(&stage)
    };
    maker.apis().replace_stage(&api, &name, settings).await.map(drop)
}

/// Deletes the stage that a deployment made, unless it points at another by now.
async fn delete_own_stage(maker: &Maker<'_>, made: &StackResource) -> Result<(), AwsError> {
    let Some((api, name)) = stage_named_by(made) else {
        return Ok(());
    };
    match maker.apis().stage(&api, &name).await {
        Ok(stage) if stage.value.deployment_id.as_str() == made.reference => {
            maker.apis().delete_stage(&api, &name).await
        }
        Ok(_) => Ok(()),
        Err(error) => gone_is_fine(Err(error)),
    }
}

impl StackedResource for Deployment {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            refuse_switches(properties)?;
            let api = api_of(properties);
            let deployment = maker
                .apis()
                .create_deployment(&api, settings(properties)?)
                .await?;
            Ok(made(&deployment.id))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            refuse_switches(properties)?;
            let (api, id) = (api_of(properties), DeploymentId::from(before.reference.as_str()));
            let description = properties.string("Description");
            maker.apis().describe_deployment(&api, &id, description).await?;
            let old = Properties::of(&before.properties);
            let same = |name| old.value(name) == properties.value(name);
            let is_canary = properties.value(CANARY_SETTINGS).is_some();
            if is_canary && !(same("StageName") && same("StageDescription")) {
                return Err(unsupported(
                    "StageName, StageDescription",
                    "a deployment that is a canary stays with its stage: make another deployment",
                ));
            }
            if !same("StageName") {
                delete_own_stage(maker, before).await?;
            }
            if !same("StageName") || !same("StageDescription") {
                point_stage(maker, &api, &id, properties).await?;
            }
            Ok(made(&id))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let properties = Properties::of(&made.properties);
            if properties.value(CANARY_SETTINGS).is_some() {
                put_canary(maker, made, None).await?;
            } else {
                delete_own_stage(maker, made).await?;
            }
            let api = api_of(properties);
            let id = DeploymentId::from(made.reference.as_str());
            gone_is_fine(maker.apis().delete_deployment(&api, &id).await)
        })
    }

    fn restore<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        // A newer deployment that is about to be deleted again may have taken the stage.
        Box::pin(async move {
            let properties = Properties::of(&made.properties);
            let id = DeploymentId::from(made.reference.as_str());
            if let Some(settings) = properties.object(CANARY_SETTINGS) {
                let choice = CanaryChoice {
                    deployment_id: Some(id),
                    ..canary(settings)?
                };
                return put_canary(maker, made, Some(choice)).await;
            }
            point_stage(maker, &api_of(properties), &id, properties).await
        })
    }

    fn check(&self, logical_id: &str, resource: &ResourceTemplate, template: &Template) -> Vec<Problem> {
        let mut problems = check_switches(logical_id, resource, &["StageDescription"]);
        if let Some(problem) = check_order(logical_id, resource, template) {
            problems.push(problem);
        }
        problems
    }
}

/// Warns of a deployment that nothing puts behind the methods of its API: it may be made before them.
fn check_order(logical_id: &str, resource: &ResourceTemplate, template: &Template) -> Option<Problem> {
    let api_of = |resource: &ResourceTemplate| {
        let api = resource.properties.member("RestApiId")?.member("Ref")?;
        api.as_text().map(str::to_owned)
    };
    let api = api_of(resource)?;
    let methods: Vec<&str> = template
        .resources
        .iter()
        .filter(|(_, other)| {
            other.resource_type == "AWS::ApiGateway::Method" && api_of(other).as_ref() == Some(&api)
        })
        .map(|(name, _)| name.as_str())
        .collect();
    let missing: Vec<&str> = methods
        .iter()
        .filter(|name| !resource.depends_on.iter().any(|other| other.text == **name))
        .copied()
        .collect();
    if methods.is_empty() || missing.is_empty() {
        return None;
    }
    let message = if missing.len() == methods.len() {
        format!(
            "the deployment may be made before the methods of `{api}` and would lack them: add `DependsOn`"
        )
    } else {
        format!(
            "the deployment may lack methods that it does not depend on: add `{}` to `DependsOn`",
            missing.join("`, `")
        )
    };
    Some(Problem::warning(
        Some(resource.place),
        format!("Resources/{logical_id}"),
        message,
    ))
}
