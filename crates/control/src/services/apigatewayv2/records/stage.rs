//! Named ways into a deployment: <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-stages.html>

use std::collections::BTreeMap;

use portcullis_model::{
    ApiId, DeploymentId, StageName, Timestamp,
    resources::{
        apigateway::AccessLogSettings,
        apigatewayv2::{DEFAULT_STAGE, HttpApiImage, HttpStage, RouteSetting},
    },
};
use portcullis_store::{Batch, Expect, kinds};
use serde::{Deserialize, Serialize};

use super::HttpApis;
use crate::{
    operation::AwsError,
    services::apigateway::{
        errors::{bad_request, conflict, unsupported},
        records::{Kept, Listed, Wanted, encode},
    },
};

/// Stages of one API, as AWS's quota.
const STAGES_MAX: usize = 10;
/// Variables of one stage, as AWS's quota.
const VARIABLES_MAX: usize = 100;
/// Routes of a stage with settings of their own: as many as an API has routes.
const ROUTE_SETTINGS_MAX: usize = 300;

/// What a caller chooses about a stage.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StageSettings {
    #[serde(default)]
    pub auto_deploy: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment_id: Option<DeploymentId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default)]
    pub stage_variables: BTreeMap<String, String>,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_log_settings: Option<AccessLogSettings>,
    #[serde(default)]
    pub default_route_settings: RouteSetting,
    #[serde(default)]
    pub route_settings: BTreeMap<String, RouteSetting>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_certificate_id: Option<String>,
}

impl StageSettings {
    /// Returns the settings that `stage` has.
    pub fn of(stage: &HttpStage) -> Self {
        Self {
            auto_deploy: stage.auto_deploy,
            // What the stage deployed by itself is not the caller's choice.
            deployment_id: stage.deployment_id.clone().filter(|_| !stage.auto_deploy),
            description: stage.description.clone(),
            stage_variables: stage.stage_variables.clone(),
            tags: stage.tags.clone(),
            access_log_settings: stage.access_log_settings.clone(),
            default_route_settings: stage.default_route_settings.clone(),
            route_settings: stage.route_settings.clone(),
            client_certificate_id: None,
        }
    }

    fn check(&self) -> Result<(), AwsError> {
        if self.auto_deploy && self.deployment_id.is_some() {
            return Err(bad_request(
                "deploymentId cannot be set on a stage with autoDeploy: every change is deployed at once",
            ));
        }
        if self.client_certificate_id.is_some() {
            return Err(unsupported("clientCertificateId", "it concerns WebSocket APIs"));
        }
        if self.route_settings.len() > ROUTE_SETTINGS_MAX {
            return Err(bad_request(format!(
                "A stage may have settings for at most {ROUTE_SETTINGS_MAX} routes"
            )));
        }
        let settings = self.route_settings.values();
        for setting in settings.chain([&self.default_route_settings]) {
            check_setting(setting)?;
        }
        if self.stage_variables.len() > VARIABLES_MAX {
            return Err(bad_request(format!(
                "A stage may have at most {VARIABLES_MAX} variables"
            )));
        }
        let fits = |(name, value): &(&String, &String)| {
            let named = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
            let valued = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#&=,".contains(&byte);
            (1..=64).contains(&name.len())
                && name.bytes().all(named)
                && value.len() <= 512
                && value.bytes().all(valued)
        };
        match self.stage_variables.iter().find(|variable| !fits(variable)) {
            Some((name, _)) => Err(bad_request(format!(
                "Stage variable name or value is invalid: {name}"
            ))),
            None => Ok(()),
        }
    }
}

fn check_setting(setting: &RouteSetting) -> Result<(), AwsError> {
    if setting.data_trace_enabled == Some(true) {
        return Err(unsupported("dataTraceEnabled", "it concerns WebSocket APIs"));
    }
    if setting
        .logging_level
        .as_deref()
        .is_some_and(|level| level != "OFF")
    {
        return Err(unsupported("loggingLevel", "it concerns WebSocket APIs"));
    }
    let rate = setting.throttling_rate_limit.unwrap_or_default();
    if !rate.is_finite() || rate < 0.0 {
        return Err(bad_request("throttlingRateLimit must be zero or more"));
    }
    Ok(())
}

/// Checks a stage's name.
pub fn check_stage_name(name: &StageName) -> Result<(), AwsError> {
    let text = name.as_str();
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte);
    if text == DEFAULT_STAGE || ((1..=128).contains(&text.len()) && text.bytes().all(plain)) {
        return Ok(());
    }
    Err(bad_request("Stage name only allows a-zA-Z0-9_- or $default"))
}

/// Returns a stage that points at nothing yet.
pub(super) fn new_stage(api: &ApiId, name: StageName, settings: StageSettings, now: Timestamp) -> HttpStage {
    HttpStage {
        api_id: api.clone(),
        stage_name: name,
        deployment_id: settings.deployment_id,
        auto_deploy: settings.auto_deploy,
        last_deployment_status_message: None,
        description: settings.description,
        stage_variables: settings.stage_variables,
        access_log_settings: settings.access_log_settings.filter(|log| !log.is_empty()),
        default_route_settings: settings.default_route_settings,
        route_settings: settings.route_settings,
        tags: settings.tags,
        created_date: now,
        last_updated_date: now,
    }
}

impl HttpApis<'_> {
    /// Makes a stage.
    pub async fn create_stage(
        &self,
        api: &ApiId,
        name: StageName,
        settings: StageSettings,
    ) -> Result<HttpStage, AwsError> {
        self.api(api).await?;
        check_stage_name(&name)?;
        settings.check()?;
        let stages: Vec<HttpStage> = self.0.all(kinds::HTTP_API_STAGE, api).await?;
        if stages.iter().any(|stage| stage.stage_name == name) {
            return Err(conflict("Stage already exists"));
        }
        check_count(&stages)?;
        let stage = new_stage(api, name, settings, self.0.clock.now());
        self.put_stage(stage, Expect::Absent).await
    }

    /// Returns a stage, or AWS's error when there is none.
    pub async fn stage(&self, api: &ApiId, name: &StageName) -> Result<Kept<HttpStage>, AwsError> {
        self.part(kinds::HTTP_API_STAGE, "Stage", api, name.as_str())
            .await
    }

    /// Returns a page of the stages of an API.
    pub async fn stages(&self, api: &ApiId, wanted: &Wanted) -> Result<Listed<HttpStage>, AwsError> {
        self.api(api).await?;
        self.0
            .page(kinds::HTTP_API_STAGE, &format!("{api}/"), wanted)
            .await
    }

    /// Gives a stage new settings.
    pub async fn replace_stage(
        &self,
        api: &ApiId,
        name: &StageName,
        settings: StageSettings,
    ) -> Result<HttpStage, AwsError> {
        let kept = self.stage(api, name).await?;
        settings.check()?;
        let deployment_id = if settings.auto_deploy {
            kept.value.deployment_id.clone()
        } else {
            // Without a deployment named, the one that is served stays.
            settings.deployment_id.or(kept.value.deployment_id.clone())
        };
        let stage = HttpStage {
            auto_deploy: settings.auto_deploy,
            deployment_id,
            description: settings.description,
            stage_variables: settings.stage_variables,
            access_log_settings: settings.access_log_settings.filter(|log| !log.is_empty()),
            default_route_settings: settings.default_route_settings,
            route_settings: settings.route_settings,
            tags: settings.tags,
            last_updated_date: self.0.clock.now(),
            ..kept.value
        };
        self.put_stage(stage, Expect::Version(kept.version)).await
    }

    /// Deletes a stage, and what it deployed by itself.
    pub async fn delete_stage(&self, api: &ApiId, name: &StageName) -> Result<(), AwsError> {
        let kept = self.stage(api, name).await?;
        let key = self.0.key(kinds::HTTP_API_STAGE, format!("{api}/{name}"));
        let batch = Batch::new().delete(key, Expect::Version(kept.version));
        let batch = self.without_old_deployment(batch, &kept.value).await?;
        self.0.commit(batch).await
    }

    /// Refuses a stage that deploys by itself and could not deploy the API as it is.
    pub async fn refuse_failed_deployment(&self, api: &ApiId, name: &StageName) -> Result<(), AwsError> {
        let stage = self.stage(api, name).await?.value;
        if !stage.auto_deploy {
            return Ok(());
        }
        let image = self.image(api).await?;
        self.refuse_uncompilable(&self.new_deployment(image, None, true), &stage)
    }

    /// Refuses a stage whose tags alone keep it from being deployed: that is no matter of the API, which a later change may mend, and
    /// an instruction that is not followed is not kept.
    fn refuse_tags(&self, stage: &HttpStage, image: &HttpApiImage) -> Result<(), AwsError> {
        let deployment = self.new_deployment(image.clone(), None, true);
        let Err(refused) = self.refuse_uncompilable(&deployment, stage) else {
            return Ok(());
        };
        let untagged = HttpStage {
            tags: BTreeMap::new(),
            ..stage.clone()
        };
        match self.refuse_uncompilable(&deployment, &untagged) {
            Ok(()) => Err(refused),
            Err(_) => Ok(()),
        }
    }

    /// Writes a stage as it can be served: with a deployment of the API as it is, or with the one that it names.
    async fn put_stage(&self, stage: HttpStage, expect: Expect) -> Result<HttpStage, AwsError> {
        let (api, name) = (stage.api_id.clone(), stage.stage_name.clone());
        if stage.auto_deploy {
            let image = self.image(&api).await?;
            self.refuse_tags(&stage, &image)?;
            let batch = self.auto_deploy(Batch::new(), stage, image, expect).await?;
            self.0.commit(batch).await?;
            return Ok(self.stage(&api, &name).await?.value);
        }
        if let Some(id) = &stage.deployment_id {
            let deployment = self.deployment(&api, id).await?.value;
            self.refuse_uncompilable(&deployment, &stage)?;
        }
        let key = self.0.key(kinds::HTTP_API_STAGE, format!("{api}/{name}"));
        self.0
            .commit(Batch::new().put(key, encode(&stage)?, expect))
            .await?;
        Ok(stage)
    }
}

/// Rejects another stage beside as many as an API may have.
pub(super) fn check_count(stages: &[HttpStage]) -> Result<(), AwsError> {
    if stages.len() < STAGES_MAX {
        return Ok(());
    }
    Err(AwsError::new(
        "LimitExceededException",
        429,
        format!("An API may have at most {STAGES_MAX} stages"),
    ))
}
