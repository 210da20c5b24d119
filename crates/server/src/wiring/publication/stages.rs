//! Stages of REST APIs, each with the deployment it points at.

use std::sync::Arc;

use portcullis_gateway::snapshot::{Snapshots, StageSnapshot, compile_stage};
use portcullis_model::{
    ApiId, Problem, Scope, StageName,
    resources::apigateway::{Deployment, Stage},
};
use portcullis_store::{Kind, RecordKey, Store, kinds, typed};

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
        let id = format!("{}/{}", stage.api_id, stage.deployment_id);
        let key = RecordKey::new(scope, kinds::API_DEPLOYMENT, id);
        Box::pin(async move {
            let deployment = typed::read_json::<Deployment>(self.store.as_ref(), &key).await?;
            let compiled = deployment.map(|found| compile_stage(stage, &found.value, scope));
            put_stage(&self.snapshots, (&stage.api_id, &stage.stage_name), compiled);
            Ok(())
        })
    }

    fn forget(&self, key: &RecordKey) {
        forget_stage(&self.snapshots, key);
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
