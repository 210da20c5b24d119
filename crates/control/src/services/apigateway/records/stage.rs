//! Named ways into a deployment: <https://docs.aws.amazon.com/apigateway/latest/api/API_Stage.html>

use std::{borrow::Cow, collections::BTreeMap};

use portcullis_model::{
    ApiId, DeploymentId, StageName, Timestamp,
    resources::{
        apigateway::{AccessLogSettings, ApiImage, Deployment, Stage},
        wafv2::WebAclAssociation,
    },
};
use portcullis_store::{Batch, Expect, kinds};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{
    Apis, Kept,
    canary::CanaryChoice,
    encode,
    method_setting::{self, MethodSettings},
};
use crate::{
    operation::AwsError,
    services::apigateway::errors::{bad_request, conflict, not_found, unsupported},
};

/// Stages of one API, as AWS's quota.
const STAGES_MAX: usize = 10;
/// Variables of one stage, as AWS's quota.
const VARIABLES_MAX: usize = 100;

/// What a caller chooses about a stage.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StageSettings {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment_id: Option<DeploymentId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default)]
    pub variables: BTreeMap<String, String>,
    #[serde(default)]
    pub method_settings: MethodSettings,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_log_settings: Option<AccessLogSettings>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary_settings: Option<CanaryChoice>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_certificate_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_cluster_enabled: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_cluster_size: Option<String>,
    // AWS's other fields: named here so that their refusal can name them.
    #[serde(default, skip_serializing)]
    pub documentation_version: Option<Value>,
    #[serde(default, skip_serializing)]
    pub tracing_enabled: Option<bool>,
}

impl StageSettings {
    /// Returns the settings that `stage` has.
    pub fn of(stage: &Stage) -> Self {
        Self {
            deployment_id: Some(stage.deployment_id.clone()),
            description: stage.description.clone(),
            variables: stage.variables.clone(),
            method_settings: stage.method_settings.clone(),
            tags: stage.tags.clone(),
            access_log_settings: stage.access_log_settings.clone(),
            canary_settings: stage.canary_settings.clone().map(CanaryChoice::from),
            client_certificate_id: stage.client_certificate_id.clone(),
            cache_cluster_enabled: Some(stage.cache_cluster_enabled),
            cache_cluster_size: stage.cache_cluster_size.clone(),
            ..Self::default()
        }
    }

    pub(super) fn check(&self) -> Result<&DeploymentId, AwsError> {
        let refused = [
            (
                "documentationVersion",
                self.documentation_version.is_some(),
                "documentation is not kept",
            ),
            (
                "tracingEnabled",
                self.tracing_enabled == Some(true),
                "there is no X-Ray; every request has a trail instead",
            ),
        ];
        if let Some((field, _, reason)) = refused.iter().find(|(_, given, _)| *given) {
            return Err(unsupported(field, reason));
        }
        method_setting::check(&self.method_settings)?;
        if self.variables.len() > VARIABLES_MAX {
            return Err(bad_request(format!(
                "A stage may have at most {VARIABLES_MAX} variables"
            )));
        }
        let canary = self.canary_settings.as_ref();
        canary.map_or(Ok(()), CanaryChoice::check)?;
        let overrides = canary
            .into_iter()
            .flat_map(|canary| &canary.stage_variable_overrides);
        if let Some(name) = self
            .variables
            .iter()
            .chain(overrides)
            .find(|(name, value)| !is_variable(name, value))
        {
            return Err(bad_request(format!(
                "Stage variable name or value is invalid: {}. Please use values with alphanumeric characters and the symbols -._~:/?#&=, for names alphanumeric characters and underscores.",
                name.0
            )));
        }
        self.deployment_id
            .as_ref()
            .ok_or_else(|| bad_request("Deployment id can't be empty"))
    }
}

/// A cluster that is switched on without a size has AWS's smallest.
fn cluster_size(enabled: Option<bool>, size: Option<String>) -> Option<String> {
    size.or_else(|| (enabled == Some(true)).then(|| "0.5".to_owned()))
}

/// A canary's deployment is a setting like others: that it is not there is a mistake of the request.
fn unknown_deployment(error: AwsError) -> AwsError {
    if error.code == "NotFoundException" {
        return bad_request("Deployment id does not exist");
    }
    error
}

fn is_variable(name: &str, value: &str) -> bool {
    let named = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let valued = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#&=,".contains(&byte);
    (1..=64).contains(&name.len())
        && name.bytes().all(named)
        && value.len() <= 512
        && value.bytes().all(valued)
}

/// Checks a stage's name.
pub fn check_stage_name(name: &StageName) -> Result<(), AwsError> {
    let text = name.as_str();
    let fits = (1..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"_-".contains(&byte));
    if fits {
        return Ok(());
    }
    Err(bad_request("Stage name only allows a-zA-Z0-9_-"))
}

/// Returns a stage without settings that points at `deployment`.
pub(super) fn new_stage(deployment: &Deployment, stage_name: StageName, now: Timestamp) -> Stage {
    blank_stage(&deployment.api_id, deployment.id.clone(), stage_name, now)
}

/// Returns a stage of `api` without settings.
pub(super) fn blank_stage(
    api: &ApiId,
    deployment_id: DeploymentId,
    stage_name: StageName,
    now: Timestamp,
) -> Stage {
    Stage {
        api_id: api.clone(),
        stage_name,
        deployment_id,
        description: None,
        variables: BTreeMap::new(),
        method_settings: BTreeMap::new(),
        tags: BTreeMap::new(),
        access_log_settings: None,
        canary_settings: None,
        client_certificate_id: None,
        cache_cluster_enabled: false,
        cache_cluster_size: None,
        created_date: now,
        last_updated_date: now,
    }
}

impl Apis<'_> {
    /// Makes a stage.
    pub async fn create_stage(
        &self,
        api: &ApiId,
        name: &StageName,
        settings: StageSettings,
    ) -> Result<Stage, AwsError> {
        check_stage_name(name)?;
        let deployment_id = settings.check()?;
        let deployment = self.deployment(api, deployment_id).await?.value;
        if self
            .find::<Stage>(kinds::API_STAGE, format!("{api}/{name}"))
            .await?
            .is_some()
        {
            return Err(conflict("Stage already exists"));
        }
        let stage = self.pointed_stage(&deployment, name.clone(), settings).await?;
        self.refuse_unservable(&stage, &deployment, &BTreeMap::new())
            .await?;
        self.put(kinds::API_STAGE, format!("{api}/{name}"), &stage, Expect::Absent)
            .await?;
        Ok(stage)
    }

    /// Returns a stage, or AWS's error when there is none.
    pub async fn stage(&self, api: &ApiId, name: &StageName) -> Result<Kept<Stage>, AwsError> {
        match self.find(kinds::API_STAGE, format!("{api}/{name}")).await? {
            Some(kept) => Ok(kept),
            None => {
                self.rest_api(api).await?;
                Err(not_found("Invalid stage identifier specified"))
            }
        }
    }

    /// Returns the ARN of the web ACL that guards a stage.
    pub async fn web_acl_of(&self, stage: &Stage) -> Result<Option<String>, AwsError> {
        let kind = kinds::WEB_ACL_ASSOCIATION;
        let found = self
            .find::<WebAclAssociation>(kind, stage.arn(self.scope))
            .await?;
        Ok(found.map(|kept| kept.value.web_acl_arn))
    }

    /// Returns the stages of an API, of one deployment when it is named.
    pub async fn stages(&self, api: &ApiId, deployment: Option<&str>) -> Result<Vec<Stage>, AwsError> {
        self.rest_api(api).await?;
        let mut stages: Vec<Stage> = self.all(kinds::API_STAGE, api).await?;
        stages.retain(|stage| deployment.is_none_or(|id| stage.deployment_id.as_str() == id));
        Ok(stages)
    }

    /// Gives a stage new settings.
    pub async fn replace_stage(
        &self,
        api: &ApiId,
        name: &StageName,
        settings: StageSettings,
    ) -> Result<Stage, AwsError> {
        let kept = self.stage(api, name).await?;
        let deployment_id = settings.check()?.clone();
        let deployment = self.deployment(api, &deployment_id).await?.value;
        let before = kept.value.method_settings.clone();
        let canary = settings
            .canary_settings
            .map(|canary| canary.settings(&deployment_id));
        let stage = Stage {
            canary_settings: canary,
            client_certificate_id: settings.client_certificate_id.filter(|id| !id.is_empty()),
            cache_cluster_enabled: settings.cache_cluster_enabled == Some(true),
            cache_cluster_size: cluster_size(settings.cache_cluster_enabled, settings.cache_cluster_size),
            deployment_id,
            description: settings.description,
            variables: settings.variables,
            method_settings: settings.method_settings,
            tags: settings.tags,
            access_log_settings: settings.access_log_settings.filter(|log| !log.is_empty()),
            last_updated_date: self.clock.now(),
            ..kept.value
        };
        self.refuse_unservable(&stage, &deployment, &before).await?;
        let expect = Expect::Version(kept.version);
        self.put(kinds::API_STAGE, format!("{api}/{name}"), &stage, expect)
            .await?;
        Ok(stage)
    }

    /// Writes a stage as it is, so that the data plane compiles it anew.
    pub async fn renew_stage(&self, api: &ApiId, name: &StageName) -> Result<(), AwsError> {
        let kept = self.stage(api, name).await?;
        let expect = Expect::Version(kept.version);
        self.put(kinds::API_STAGE, format!("{api}/{name}"), &kept.value, expect)
            .await
    }

    /// Deletes a stage.
    pub async fn delete_stage(&self, api: &ApiId, name: &StageName) -> Result<(), AwsError> {
        let kept = self.stage(api, name).await?;
        // A web ACL's hold on a stage ends with the stage.
        let association = self.key(kinds::WEB_ACL_ASSOCIATION, kept.value.arn(self.scope));
        let batch = Batch::new()
            .delete(
                self.key(kinds::API_STAGE, format!("{api}/{name}")),
                Expect::Version(kept.version),
            )
            .delete(association, Expect::Anything);
        self.commit(batch).await
    }

    /// Returns the stage as it will point at `deployment`: a new one, or the one that is there with its own
    /// settings kept where the caller gives none.
    pub(super) async fn pointed_stage(
        &self,
        deployment: &Deployment,
        name: StageName,
        settings: StageSettings,
    ) -> Result<Stage, AwsError> {
        check_stage_name(&name)?;
        settings.check()?;
        let api = &deployment.api_id;
        let now = self.clock.now();
        let stages: Vec<Stage> = self.all(kinds::API_STAGE, api).await?;
        let own = stages.iter().find(|stage| stage.stage_name == name).cloned();
        if own.is_none() && stages.len() >= STAGES_MAX {
            return Err(AwsError::new(
                "LimitExceededException",
                429,
                "Maximum number of stages for this API has been reached. Please contact AWS if you need additional stages.",
            ));
        }
        let mut stage = own.unwrap_or_else(|| new_stage(deployment, name, now));
        stage.deployment_id = deployment.id.clone();
        if let Some(canary) = settings.canary_settings {
            stage.canary_settings = Some(canary.settings(&deployment.id));
        }
        stage.client_certificate_id = settings
            .client_certificate_id
            .or(stage.client_certificate_id)
            .filter(|id| !id.is_empty());
        stage.last_updated_date = now;
        stage.description = settings.description.or(stage.description);
        let enabled = settings
            .cache_cluster_enabled
            .unwrap_or(stage.cache_cluster_enabled);
        let size = settings.cache_cluster_size.or(stage.cache_cluster_size);
        stage.cache_cluster_enabled = enabled;
        stage.cache_cluster_size = cluster_size(Some(enabled), size);
        stage.variables.extend(settings.variables);
        stage.method_settings.extend(settings.method_settings);
        stage.tags.extend(settings.tags);
        let log = settings.access_log_settings.or(stage.access_log_settings);
        stage.access_log_settings = log.filter(|log| !log.is_empty());
        Ok(stage)
    }

    /// Refuses a stage that the data plane cannot serve with `deployment`, with its canary, or with settings of methods, new
    /// since `before`, that neither has. Older settings may outlive their methods, so that every deployment can come back.
    pub(super) async fn refuse_unservable(
        &self,
        stage: &Stage,
        deployment: &Deployment,
        before: &MethodSettings,
    ) -> Result<(), AwsError> {
        self.check_client_certificate(stage.client_certificate_id.as_deref())
            .await?;
        let own = self.image_of(stage, deployment).await?;
        self.refuse_uncompilable(&own, stage)?;
        let mut images = vec![own];
        if let Some(canary) = stage.as_canary() {
            let image = self.image_of(&canary, deployment).await?;
            self.refuse_uncompilable(&image, &canary)?;
            images.push(image);
        }
        let added = stage
            .method_settings
            .keys()
            .filter(|key| !before.contains_key(*key));
        for key in added {
            if !images
                .iter()
                .any(|image| method_setting::names_a_method(key, image))
            {
                return Err(bad_request(format!(
                    "methodSettings/{key}: the deployment has no such method"
                )));
            }
        }
        Ok(())
    }

    /// Returns the image that `stage` points at, which is that of `known` or is read.
    async fn image_of<'d>(
        &self,
        stage: &Stage,
        known: &'d Deployment,
    ) -> Result<Cow<'d, ApiImage>, AwsError> {
        if stage.deployment_id == known.id {
            return Ok(Cow::Borrowed(&known.image));
        }
        let read = self.deployment(&stage.api_id, &stage.deployment_id).await;
        read.map(|kept| Cow::Owned(kept.value.image))
            .map_err(unknown_deployment)
    }

    /// Writes a deployment and the stage that points at it, together.
    pub(super) async fn put_with_stage(
        &self,
        deployment: &Deployment,
        stage: &Stage,
    ) -> Result<(), AwsError> {
        let api = &deployment.api_id;
        let own = self
            .find::<Stage>(kinds::API_STAGE, format!("{api}/{}", stage.stage_name))
            .await?;
        let expect = own.map_or(Expect::Absent, |kept: Kept<Stage>| Expect::Version(kept.version));
        let batch = Batch::new()
            .put(
                self.key(kinds::API_DEPLOYMENT, format!("{api}/{}", deployment.id)),
                encode(deployment)?,
                Expect::Absent,
            )
            .put(
                self.key(kinds::API_STAGE, format!("{api}/{}", stage.stage_name)),
                encode(stage)?,
                expect,
            );
        self.commit(batch).await
    }
}
