//! Stages of HTTP APIs, each with the deployment it points at, once there is one.

use std::sync::Arc;

use portcullis_gateway::snapshot::{Snapshots, compile_http_stage, stage_tags::ObservedStages};
use portcullis_model::{
    Scope,
    resources::apigatewayv2::{HttpDeployment, HttpStage},
};
use portcullis_store::{Kind, RecordKey, Store, kinds, typed};

use super::{
    RecordFeed, Serving,
    stages::{forget_stage, put_stage},
};

pub(super) struct HttpStages {
    pub(super) store: Arc<dyn Store>,
    pub(super) snapshots: Arc<Snapshots>,
    pub(super) observed: ObservedStages,
}

impl RecordFeed for HttpStages {
    type Record = HttpStage;
    const KIND: Kind = kinds::HTTP_API_STAGE;

    fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    fn serve<'a>(&'a self, scope: &'a Scope, stage: &'a HttpStage) -> Serving<'a> {
        Box::pin(async move {
            let Some(deployment_id) = &stage.deployment_id else {
                return Ok(());
            };
            let id = format!("{}/{deployment_id}", stage.api_id);
            let key = RecordKey::new(scope, kinds::HTTP_API_DEPLOYMENT, id);
            let deployment = typed::read_json::<HttpDeployment>(self.store.as_ref(), &key).await?;
            let tags = self
                .observed
                .tags_of(&stage.api_id, &stage.stage_name, &stage.tags);
            let configured = tags.map(|tags| HttpStage {
                tags,
                ..stage.clone()
            });
            let served = configured.as_ref().unwrap_or(stage);
            let compiled = deployment.map(|found| compile_http_stage(served, &found.value, scope));
            put_stage(&self.snapshots, (&stage.api_id, &stage.stage_name), compiled);
            Ok(())
        })
    }

    fn forget(&self, key: &RecordKey) {
        forget_stage(&self.snapshots, key);
    }
}
