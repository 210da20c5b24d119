//! Stages of HTTP APIs, each with the deployment it points at, once there is one.

use std::sync::Arc;

use portcullis_gateway::snapshot::{Snapshots, compile_http_stage};
use portcullis_model::{
    ApiId, Scope, StageName,
    resources::apigatewayv2::{HttpDeployment, HttpStage},
};
use portcullis_store::{Kind, RecordKey, Store, StoreError, kinds, typed};

use super::{Feed, Serving, log_problems};

pub(super) struct HttpStages {
    pub(super) store: Arc<dyn Store>,
    pub(super) snapshots: Arc<Snapshots>,
}

impl HttpStages {
    async fn serve(&self, scope: &Scope, stage: &HttpStage) -> Result<(), StoreError> {
        let Some(deployment_id) = &stage.deployment_id else {
            return Ok(());
        };
        let id = format!("{}/{deployment_id}", stage.api_id);
        let key = RecordKey::new(scope, kinds::HTTP_API_DEPLOYMENT, id);
        let Some(deployment) = typed::read_json::<HttpDeployment>(self.store.as_ref(), &key).await? else {
            tracing::error!(api = %stage.api_id, stage = %stage.stage_name, "the stage's deployment is gone");
            return Ok(());
        };
        match compile_http_stage(stage, &deployment.value, scope) {
            Ok(compiled) => self.snapshots.change(|snapshot| snapshot.with_stage(compiled)),
            Err(problems) => log_problems(&format!("stage {}/{}", stage.api_id, stage.stage_name), &problems),
        }
        Ok(())
    }
}

impl Feed for HttpStages {
    fn kinds(&self) -> &'static [Kind] {
        &[kinds::HTTP_API_STAGE]
    }

    fn load(&self) -> Serving<'_> {
        Box::pin(async {
            let stages =
                typed::list_everywhere_json::<HttpStage>(self.store.as_ref(), kinds::HTTP_API_STAGE).await?;
            for stage in stages {
                self.serve(&stage.key.scope, &stage.value).await?;
            }
            Ok(())
        })
    }

    fn apply<'a>(&'a self, key: &'a RecordKey) -> Serving<'a> {
        Box::pin(async move {
            match typed::read_json::<HttpStage>(self.store.as_ref(), key).await? {
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
