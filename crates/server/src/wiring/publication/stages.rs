//! Stages of REST APIs, each with the deployment it points at.

use std::sync::Arc;

use portcullis_gateway::snapshot::{Snapshots, StageSnapshot, compile_canary, compile_stage};
use portcullis_model::{
    ApiId, DeploymentId, Problem, Scope, StageName,
    resources::apigateway::{Deployment, Stage},
};
use portcullis_store::{Kind, RecordKey, Store, StoreError, kinds, typed};

use super::{RecordFeed, Serving, log_problems};

pub(super) struct Stages {
    pub(super) store: Arc<dyn Store>,
    pub(super) snapshots: Arc<Snapshots>,
}

impl RecordFeed for Stages {
    type Record = Stage;
    const KIND: Kind = kinds::API_STAGE;

    fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    fn serve<'a>(&'a self, scope: &'a Scope, stage: &'a Stage) -> Serving<'a> {
        Box::pin(async move {
            let compiled = self.compile(scope, stage).await?;
            put_stage(&self.snapshots, (&stage.api_id, &stage.stage_name), compiled);
            Ok(())
        })
    }

    fn forget(&self, key: &RecordKey) {
        forget_stage(&self.snapshots, key);
    }
}

impl Stages {
    /// Compiles a stage, with its canary; none where a deployment is gone. A canary that cannot be served is a problem of the
    /// stage: nobody shall think that it is being tried.
    async fn compile(
        &self,
        scope: &Scope,
        stage: &Stage,
    ) -> Result<Option<Result<StageSnapshot, Vec<Problem>>>, StoreError> {
        let Some(deployment) = self.deployment(scope, stage, &stage.deployment_id).await? else {
            return Ok(None);
        };
        let compiled = compile_stage(stage, &deployment, scope);
        let Some(canary) = &stage.canary_settings else {
            return Ok(Some(compiled));
        };
        let Some(deployment) = self.deployment(scope, stage, &canary.deployment_id).await? else {
            return Ok(None);
        };
        Ok(Some(compiled.and_then(|compiled| {
            let canary = compile_canary(stage, &deployment, scope)?;
            Ok(compiled.with_canary(stage, canary))
        })))
    }

    async fn deployment(
        &self,
        scope: &Scope,
        stage: &Stage,
        id: &DeploymentId,
    ) -> Result<Option<Deployment>, StoreError> {
        let key = RecordKey::new(scope, kinds::API_DEPLOYMENT, format!("{}/{id}", stage.api_id));
        let found = typed::read_json::<Deployment>(self.store.as_ref(), &key).await?;
        Ok(found.map(|found| found.value))
    }
}

/// Serves a stage of either kind of API as it compiled from its deployment; none: that is gone.
pub(super) fn put_stage(
    snapshots: &Snapshots,
    (api, stage): (&ApiId, &StageName),
    compiled: Option<Result<StageSnapshot, Vec<Problem>>>,
) {
    match compiled {
        Some(Ok(compiled)) => snapshots.change(|snapshot| snapshot.with_stage(compiled)),
        Some(Err(problems)) => log_problems(&format!("stage {api}/{stage}"), &problems),
        None => tracing::error!(%api, %stage, "the stage's deployment is gone"),
    }
}

/// Stops serving the stage whose record `{api}/{stage}` is gone.
pub(super) fn forget_stage(snapshots: &Snapshots, key: &RecordKey) {
    if let Some((api, stage)) = key.id.as_str().split_once('/') {
        let (api, stage) = (ApiId::from(api), StageName::from(stage));
        snapshots.change(|snapshot| snapshot.without_stage(&api, &stage));
    }
}
