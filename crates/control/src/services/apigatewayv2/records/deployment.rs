//! Immutable images of an HTTP API, and the stages that take each change by themselves:
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-deployments.html>
//!
//! Where a stage has `autoDeploy`, a change is written together with the deployment that holds it. What cannot be served does
//! not undo the change: the stage keeps its last good deployment and says why, as on AWS; a stack fails over it in the end.

use portcullis_model::{
    ApiId, DeploymentId, Problem, StageName,
    resources::apigatewayv2::{HttpApiImage, HttpDeployment, HttpStage},
};
use portcullis_store::{Batch, Expect, kinds};
use serde::{Deserialize, Serialize};

use super::{
    HttpApis,
    stage::{StageSettings, check_count, check_stage_name, new_stage},
};
use crate::{
    operation::AwsError,
    services::apigateway::{
        errors::bad_request,
        records::{Kept, Listed, Wanted, encode},
    },
};

/// What a caller chooses about a deployment.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DeploymentSettings {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage_name: Option<StageName>,
}

impl HttpApis<'_> {
    /// Takes an image of an API; with a stage name, that stage is made or points at it afterwards.
    pub async fn create_deployment(
        &self,
        api: &ApiId,
        settings: DeploymentSettings,
    ) -> Result<HttpDeployment, AwsError> {
        let image = self.image(api).await?;
        if image.routes.is_empty() {
            return Err(bad_request(
                "Unable to deploy API because no routes exist in this API",
            ));
        }
        let deployment = self.new_deployment(image, settings.description, false);
        let name = settings.stage_name.clone();
        let (stage, expect) = match name {
            None => (self.blank_stage(api, StageName::from("unnamed")), None),
            Some(name) => {
                check_stage_name(&name)?;
                let own: Option<Kept<HttpStage>> = self
                    .0
                    .find(kinds::HTTP_API_STAGE, format!("{api}/{name}"))
                    .await?;
                match own {
                    Some(kept) => (kept.value, Some(Expect::Version(kept.version))),
                    None => {
                        check_count(&self.0.all::<HttpStage>(kinds::HTTP_API_STAGE, api).await?)?;
                        (self.blank_stage(api, name), Some(Expect::Absent))
                    }
                }
            }
        };
        if stage.auto_deploy {
            return Err(bad_request(format!(
                "Deployments of the stage {} are made automatically: autoDeploy is on",
                stage.stage_name
            )));
        }
        if expect.is_some() || !uses_stage_variables(&deployment.image) {
            self.refuse_uncompilable(&deployment, &stage)?;
        }
        let mut batch = self.with_deployment(Batch::new(), &deployment)?;
        if let Some(expect) = expect {
            let key = self
                .0
                .key(kinds::HTTP_API_STAGE, format!("{api}/{}", stage.stage_name));
            batch = batch.put(key, encode(&self.pointed(stage, &deployment))?, expect);
        }
        self.0.commit(batch).await?;
        Ok(deployment)
    }

    /// Returns a deployment, or AWS's error when there is none.
    pub async fn deployment(&self, api: &ApiId, id: &DeploymentId) -> Result<Kept<HttpDeployment>, AwsError> {
        self.part(kinds::HTTP_API_DEPLOYMENT, "Deployment", api, id.as_str())
            .await
    }

    /// Returns a page of the deployments of an API.
    pub async fn deployments(
        &self,
        api: &ApiId,
        wanted: &Wanted,
    ) -> Result<Listed<HttpDeployment>, AwsError> {
        self.api(api).await?;
        self.0
            .page(kinds::HTTP_API_DEPLOYMENT, &format!("{api}/"), wanted)
            .await
    }

    /// Gives a deployment another description; its image never changes.
    pub async fn describe_deployment(
        &self,
        api: &ApiId,
        id: &DeploymentId,
        description: Option<String>,
    ) -> Result<HttpDeployment, AwsError> {
        let kept = self.deployment(api, id).await?;
        let deployment = HttpDeployment {
            description,
            ..kept.value
        };
        let expect = Expect::Version(kept.version);
        self.0
            .put(
                kinds::HTTP_API_DEPLOYMENT,
                format!("{api}/{id}"),
                &deployment,
                expect,
            )
            .await?;
        Ok(deployment)
    }

    /// Deletes a deployment that no stage points at.
    pub async fn delete_deployment(&self, api: &ApiId, id: &DeploymentId) -> Result<(), AwsError> {
        let kept = self.deployment(api, id).await?;
        let stages: Vec<HttpStage> = self.0.all(kinds::HTTP_API_STAGE, api).await?;
        if stages
            .iter()
            .any(|stage| stage.deployment_id.as_ref() == Some(id))
        {
            return Err(bad_request(
                "Active stages pointing to this deployment must be moved or deleted",
            ));
        }
        self.0
            .remove(kinds::HTTP_API_DEPLOYMENT, format!("{api}/{id}"), kept.version)
            .await
    }

    /// Writes a change, and what it means for the stages that deploy by themselves: all or nothing.
    pub(super) async fn commit_and_deploy(
        &self,
        api: &ApiId,
        mut batch: Batch,
        change: impl FnOnce(&mut HttpApiImage),
    ) -> Result<(), AwsError> {
        let mut stages: Vec<Kept<HttpStage>> = self.0.all_kept(kinds::HTTP_API_STAGE, api).await?;
        stages.retain(|stage| stage.value.auto_deploy);
        if !stages.is_empty() {
            let mut image = self.image(api).await?;
            change(&mut image);
            for stage in stages {
                let expect = Expect::Version(stage.version);
                batch = self
                    .auto_deploy(batch, stage.value, image.clone(), expect)
                    .await?;
            }
        }
        self.0.commit(batch).await
    }

    /// Lets `stage` point at a deployment of `image`, or say why it cannot.
    pub(super) async fn auto_deploy(
        &self,
        mut batch: Batch,
        stage: HttpStage,
        image: HttpApiImage,
        expect: Expect,
    ) -> Result<Batch, AwsError> {
        let api = stage.api_id.clone();
        let key = self
            .0
            .key(kinds::HTTP_API_STAGE, format!("{api}/{}", stage.stage_name));
        let deployment = self.new_deployment(image, Some("Automatic deployment".into()), true);
        let stage = match self.refuse_uncompilable(&deployment, &stage) {
            Ok(()) => {
                batch = self.without_old_deployment(batch, &stage).await?;
                batch = self.with_deployment(batch, &deployment)?;
                self.pointed(stage, &deployment)
            }
            Err(refused) => HttpStage {
                last_deployment_status_message: Some(format!(
                    "Deployment attempt failed: {}",
                    refused.message
                )),
                last_updated_date: self.0.clock.now(),
                ..stage
            },
        };
        Ok(batch.put(key, encode(&stage)?, expect))
    }

    /// Deletes the deployment that only the stage, by itself, had made.
    pub(super) async fn without_old_deployment(
        &self,
        batch: Batch,
        stage: &HttpStage,
    ) -> Result<Batch, AwsError> {
        let Some(id) = &stage.deployment_id else {
            return Ok(batch);
        };
        let id = format!("{}/{id}", stage.api_id);
        let old: Option<Kept<HttpDeployment>> = self.0.find(kinds::HTTP_API_DEPLOYMENT, id.as_str()).await?;
        let stages: Vec<HttpStage> = self.0.all(kinds::HTTP_API_STAGE, &stage.api_id).await?;
        let shared = stages
            .iter()
            .any(|other| other.stage_name != stage.stage_name && other.deployment_id == stage.deployment_id);
        Ok(match old {
            Some(old) if old.value.auto_deployed && !shared => {
                batch.delete(self.0.key(kinds::HTTP_API_DEPLOYMENT, id), Expect::Anything)
            }
            _ => batch,
        })
    }

    fn with_deployment(&self, batch: Batch, deployment: &HttpDeployment) -> Result<Batch, AwsError> {
        let id = format!("{}/{}", deployment.api_id, deployment.deployment_id);
        let key = self.0.key(kinds::HTTP_API_DEPLOYMENT, id);
        Ok(batch.put(key, encode(deployment)?, Expect::Absent))
    }

    pub(super) fn new_deployment(
        &self,
        image: HttpApiImage,
        description: Option<String>,
        auto_deployed: bool,
    ) -> HttpDeployment {
        HttpDeployment {
            deployment_id: DeploymentId::from(self.0.entropy.lower_alphanumeric(6)),
            api_id: image.api.api_id.clone(),
            description,
            created_date: self.0.clock.now(),
            auto_deployed,
            image,
        }
    }

    /// Returns the stage as it points at `deployment`.
    pub(super) fn pointed(&self, stage: HttpStage, deployment: &HttpDeployment) -> HttpStage {
        let id = &deployment.deployment_id;
        HttpStage {
            deployment_id: Some(id.clone()),
            last_deployment_status_message: stage
                .auto_deploy
                .then(|| format!("Successfully deployed stage with deployment ID '{id}'")),
            last_updated_date: self.0.clock.now(),
            ..stage
        }
    }

    fn blank_stage(&self, api: &ApiId, name: StageName) -> HttpStage {
        new_stage(api, name, StageSettings::default(), self.0.clock.now())
    }

    /// Refuses what the data plane cannot serve, naming every problem.
    pub(super) fn refuse_uncompilable(
        &self,
        deployment: &HttpDeployment,
        stage: &HttpStage,
    ) -> Result<(), AwsError> {
        let problems = self.0.compiler.check_http(self.0.scope, deployment, stage);
        let errors: Vec<String> = problems
            .iter()
            .filter(|problem| problem.is_error())
            .map(Problem::to_string)
            .collect();
        if errors.is_empty() {
            return Ok(());
        }
        Err(bad_request(format!(
            "Unable to deploy API: {}",
            errors.join("; ")
        )))
    }

    pub(in crate::services) async fn image(&self, api: &ApiId) -> Result<HttpApiImage, AwsError> {
        Ok(HttpApiImage {
            api: self.api(api).await?.value,
            routes: self.0.all(kinds::HTTP_API_ROUTE, api).await?,
            integrations: self.0.all(kinds::HTTP_API_INTEGRATION, api).await?,
            authorizers: self.0.all(kinds::HTTP_API_AUTHORIZER, api).await?,
        })
    }
}

/// Tells whether only a stage can say what the image calls.
fn uses_stage_variables(image: &HttpApiImage) -> bool {
    image
        .integrations
        .iter()
        .any(|integration| integration.integration_uri.contains("${stageVariables."))
}
