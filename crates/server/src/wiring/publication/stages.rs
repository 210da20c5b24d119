//! Stages of REST APIs, each with the deployment it points at.

use std::sync::Arc;

use portcullis_gateway::snapshot::{Snapshots, compile_stage};
use portcullis_model::{
    ApiId, Scope, StageName,
    resources::apigateway::{Deployment, Stage},
};
use portcullis_store::{Kind, RecordKey, Store, StoreError, kinds, typed};

use super::{Feed, Serving, log_problems};

pub(super) struct Stages {
    pub(super) store: Arc<dyn Store>,
    pub(super) snapshots: Arc<Snapshots>,
}

impl Stages {
    async fn serve(&self, scope: &Scope, stage: &Stage) -> Result<(), StoreError> {
        let id = format!("{}/{}", stage.api_id, stage.deployment_id);
        let key = RecordKey::new(scope, kinds::API_DEPLOYMENT, id);
        let Some(deployment) = typed::read_json::<Deployment>(self.store.as_ref(), &key).await? else {
            tracing::error!(api = %stage.api_id, stage = %stage.stage_name, "the stage's deployment is gone");
            return Ok(());
        };
        match compile_stage(stage, &deployment.value, scope) {
            Ok(compiled) => self.snapshots.change(|snapshot| snapshot.with_stage(compiled)),
            Err(problems) => log_problems(&format!("stage {}/{}", stage.api_id, stage.stage_name), &problems),
        }
        Ok(())
    }
}

impl Feed for Stages {
    fn kinds(&self) -> &'static [Kind] {
        &[kinds::API_STAGE]
    }

    fn load(&self) -> Serving<'_> {
        Box::pin(async {
            let stages = typed::list_everywhere_json::<Stage>(self.store.as_ref(), kinds::API_STAGE).await?;
            for stage in stages {
                self.serve(&stage.key.scope, &stage.value).await?;
            }
            Ok(())
        })
    }

    fn apply<'a>(&'a self, key: &'a RecordKey) -> Serving<'a> {
        Box::pin(async move {
            match typed::read_json::<Stage>(self.store.as_ref(), key).await? {
                Some(stage) => self.serve(&key.scope, &stage.value).await?,
                None => {
                    if let Some((api, stage)) = key.id.as_str().split_once('/') {
                        let (api, stage) = (ApiId::from(api), StageName::from(stage));
                        self.snapshots
                            .change(|snapshot| snapshot.without_stage(&api, &stage));
                    }
                }
            }
            Ok(())
        })
    }
}
