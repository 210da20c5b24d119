//! Immutable images of an API: <https://docs.aws.amazon.com/apigateway/latest/api/API_Deployment.html>
//!
//! What the data plane cannot do is refused here, every problem at once, before anything serves it.

use std::collections::BTreeMap;

use portcullis_model::{
    ApiId, DeploymentId, Problem, StageName,
    resources::apigateway::{AccessLogSettings, ApiImage, Deployment, Stage},
};
use portcullis_store::{Expect, kinds};
use serde::{Deserialize, Serialize};

use super::{
    Apis, Kept, Listed, Wanted,
    canary::CanaryChoice,
    method_setting::MethodSettings,
    stage::{StageSettings, new_stage},
};
use crate::{
    operation::AwsError,
    services::apigateway::errors::{bad_request, not_found, unsupported},
};

/// What a caller chooses about a deployment and the stage it is made for.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeploymentSettings {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage_name: Option<StageName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage_description: Option<String>,
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    /// Tags of the stage, which only a template gives here.
    #[serde(default)]
    pub stage_tags: BTreeMap<String, String>,
    /// Settings of the stage's methods, which only a template gives here.
    #[serde(default)]
    pub method_settings: MethodSettings,
    /// The access log of the stage, which only a template gives here.
    #[serde(default)]
    pub access_log_settings: Option<AccessLogSettings>,
    /// What the stage presents to its backends, which only a template gives here.
    #[serde(default)]
    pub client_certificate_id: Option<String>,
    #[serde(default)]
    pub cache_cluster_enabled: Option<bool>,
    #[serde(default)]
    pub cache_cluster_size: Option<String>,
    /// With it the stage stays where it is, and its canary is this deployment.
    #[serde(default)]
    pub canary_settings: Option<CanaryChoice>,
    #[serde(default, skip_serializing)]
    pub tracing_enabled: Option<bool>,
}

impl DeploymentSettings {
    fn check(&self) -> Result<(), AwsError> {
        let refused = [(
            "tracingEnabled",
            self.tracing_enabled == Some(true),
            "there is no X-Ray; every request has a trail instead",
        )];
        match refused.iter().find(|(_, given, _)| *given) {
            Some((field, _, reason)) => Err(unsupported(field, reason)),
            None => Ok(()),
        }
    }
}

impl Apis<'_> {
    /// Takes an image of an API; with a stage name, that stage is made or points at it afterwards.
    pub async fn create_deployment(
        &self,
        api: &ApiId,
        settings: DeploymentSettings,
    ) -> Result<Deployment, AwsError> {
        settings.check()?;
        let is_canary = settings.canary_settings.is_some();
        if is_canary
            && settings
                .stage_name
                .as_ref()
                .is_none_or(|name| name.as_str().is_empty())
        {
            return Err(bad_request(
                "Invalid deployment content specified.Non null and non empty stageName must be provided for canary deployment. Provided value is null",
            ));
        }
        let image = self.image(api).await?;
        if image.rest_api.is_private() && image.rest_api.policy.is_none() {
            return Err(bad_request(
                "Private REST API doesn't have a resource policy attached to it",
            ));
        }
        check_methods(&image)?;
        let deployment = Deployment {
            id: DeploymentId::from(self.entropy.lower_alphanumeric(6)),
            api_id: api.clone(),
            description: settings.description,
            created_date: self.clock.now(),
            image,
        };
        let id = format!("{api}/{}", deployment.id);
        match settings.stage_name {
            None => {
                // Whatever stage will point at it: what needs none of its variables must be servable.
                let stage = new_stage(&deployment, StageName::from("unnamed"), self.clock.now());
                self.refuse_uncompilable(&without_stage_variables(&deployment.image), &stage)?;
                self.put(kinds::API_DEPLOYMENT, id, &deployment, Expect::Absent)
                    .await?;
            }
            Some(stage_name) => {
                let before = self.stage_for(api, &stage_name, is_canary).await?;
                let stage = StageSettings {
                    deployment_id: Some(deployment.id.clone()),
                    description: settings.stage_description,
                    variables: settings.variables,
                    method_settings: settings.method_settings,
                    tags: settings.stage_tags,
                    access_log_settings: settings.access_log_settings,
                    client_certificate_id: settings.client_certificate_id,
                    cache_cluster_enabled: settings.cache_cluster_enabled,
                    cache_cluster_size: settings.cache_cluster_size,
                    canary_settings: settings.canary_settings.map(|canary| CanaryChoice {
                        deployment_id: Some(deployment.id.clone()),
                        ..canary
                    }),
                    ..StageSettings::default()
                };
                let mut stage = self.pointed_stage(&deployment, stage_name, stage).await?;
                if let (true, Some(before)) = (is_canary, &before) {
                    stage.deployment_id = before.deployment_id.clone();
                }
                let known = before.map(|stage| stage.method_settings).unwrap_or_default();
                self.refuse_unservable(&stage, &deployment, &known).await?;
                self.put_with_stage(&deployment, &stage).await?;
            }
        }
        Ok(deployment)
    }

    /// Returns the stage that a new deployment is for, where it is there: a canary needs one, and a stage with a canary takes
    /// no other deployment until the canary is gone.
    async fn stage_for(
        &self,
        api: &ApiId,
        name: &StageName,
        is_canary: bool,
    ) -> Result<Option<Stage>, AwsError> {
        let found = self
            .find::<Stage>(kinds::API_STAGE, format!("{api}/{name}"))
            .await?;
        let stage = found.map(|kept| kept.value);
        match &stage {
            None if is_canary => Err(bad_request(format!(
                "Invalid deployment content specified.Stage {name} must already be created before making a canary release deployment"
            ))),
            Some(stage) if stage.canary_settings.is_some() && !is_canary => Err(bad_request(format!(
                "The stage {name} has a canary: give `canarySettings`, or remove the canary first"
            ))),
            _ => Ok(stage),
        }
    }

    /// Returns a deployment, or AWS's error when there is none.
    pub async fn deployment(&self, api: &ApiId, id: &DeploymentId) -> Result<Kept<Deployment>, AwsError> {
        match self.find(kinds::API_DEPLOYMENT, format!("{api}/{id}")).await? {
            Some(kept) => Ok(kept),
            None => {
                self.rest_api(api).await?;
                Err(not_found("Invalid Deployment identifier specified"))
            }
        }
    }

    /// Returns a page of the deployments of an API.
    pub async fn deployments(&self, api: &ApiId, wanted: &Wanted) -> Result<Listed<Deployment>, AwsError> {
        self.rest_api(api).await?;
        self.page(kinds::API_DEPLOYMENT, &format!("{api}/"), wanted).await
    }

    /// Gives a deployment another description; its image never changes.
    pub async fn describe_deployment(
        &self,
        api: &ApiId,
        id: &DeploymentId,
        description: Option<String>,
    ) -> Result<Deployment, AwsError> {
        let kept = self.deployment(api, id).await?;
        let deployment = Deployment {
            description,
            ..kept.value
        };
        let expect = Expect::Version(kept.version);
        self.put(kinds::API_DEPLOYMENT, format!("{api}/{id}"), &deployment, expect)
            .await?;
        Ok(deployment)
    }

    /// Deletes a deployment that no stage points at.
    pub async fn delete_deployment(&self, api: &ApiId, id: &DeploymentId) -> Result<(), AwsError> {
        let kept = self.deployment(api, id).await?;
        let stages: Vec<Stage> = self.all(kinds::API_STAGE, api).await?;
        if stages.iter().any(|stage| stage.points_at(id)) {
            return Err(bad_request(
                "Active stages pointing to this deployment must be moved or deleted",
            ));
        }
        self.remove(kinds::API_DEPLOYMENT, format!("{api}/{id}"), kept.version)
            .await
    }

    /// Refuses an image that the data plane cannot serve, naming every problem.
    pub(super) fn refuse_uncompilable(&self, image: &ApiImage, stage: &Stage) -> Result<(), AwsError> {
        let problems = self.compiler.check(self.scope, image, stage);
        let errors: Vec<String> = problems
            .iter()
            .filter(|problem| problem.is_error())
            .map(Problem::to_string)
            .collect();
        if errors.is_empty() {
            return Ok(());
        }
        Err(bad_request(format!(
            "The API cannot be deployed: {}",
            errors.join("; ")
        )))
    }

    pub(super) async fn image(&self, api: &ApiId) -> Result<ApiImage, AwsError> {
        Ok(ApiImage {
            rest_api: self.rest_api(api).await?.value,
            resources: self.all(kinds::API_RESOURCE, api).await?,
            authorizers: self.all(kinds::API_AUTHORIZER, api).await?,
            models: self.all(kinds::API_MODEL, api).await?,
            request_validators: self.all(kinds::API_REQUEST_VALIDATOR, api).await?,
            gateway_responses: self.all(kinds::API_GATEWAY_RESPONSE, api).await?,
            vpc_links: self.all_of(kinds::VPC_LINK, "").await?,
        })
    }
}

/// Returns the image without the methods whose URI waits for a stage's variables: only a stage can tell what they call.
fn without_stage_variables(image: &ApiImage) -> ApiImage {
    let mut image = image.clone();
    for resource in &mut image.resources {
        resource.methods.retain(|_, method| {
            let uri = method
                .integration
                .as_ref()
                .and_then(|integration| integration.uri.as_deref());
            let link = method
                .integration
                .as_ref()
                .and_then(|integration| integration.connection_id.as_deref());
            let waits = |text: Option<&str>| text.is_some_and(|text| text.contains("${stageVariables."));
            !waits(uri) && !waits(link)
        });
    }
    image
}

fn check_methods(image: &ApiImage) -> Result<(), AwsError> {
    let mut methods = image
        .resources
        .iter()
        .flat_map(|resource| resource.methods.values())
        .peekable();
    if methods.peek().is_none() {
        return Err(bad_request("The REST API doesn't contain any methods"));
    }
    if methods.any(|method| method.integration.is_none()) {
        return Err(bad_request("No integration defined for method"));
    }
    Ok(())
}
