//! From the change log to the snapshot. Whoever waits for a change brings the snapshot up to it; a configuration that
//! does not compile leaves the last good one serving.

use std::{future::Future, pin::Pin, sync::Arc};

use anyhow::Result;
use portcullis_control::ports::{Compiler, Published};
use portcullis_gateway::snapshot::{PoolSnapshot, Snapshots, compile_stage};
use portcullis_identity::IssuerForm;
use portcullis_model::{
    ApiId, DeploymentId, Problem, Scope, StageName, UserPoolId,
    resources::{
        apigateway::{ApiImage, Deployment, Stage},
        cognito::UserPool,
    },
};
use portcullis_store::{Change, RecordKey, Store, StoreError, kinds, typed};
use tokio::sync::Mutex;

/// Changes read at once.
const CHANGES_MAX: usize = 1_000;

/// Keeps the snapshot at the newest configuration.
pub(super) struct Publication {
    store: Arc<dyn Store>,
    snapshots: Arc<Snapshots>,
    issuer: IssuerForm,
    /// The sequence up to which the snapshot is current.
    applied: Mutex<u64>,
}

impl Publication {
    pub(super) fn new(store: Arc<dyn Store>, snapshots: Arc<Snapshots>, issuer: IssuerForm) -> Self {
        Self {
            store,
            snapshots,
            issuer,
            applied: Mutex::new(0),
        }
    }

    /// Compiles everything that is there.
    pub(super) async fn load(&self) -> Result<()> {
        let mut applied = self.applied.lock().await;
        let sequence = self.store.sequence().await?;
        for pool in typed::list_everywhere_json::<UserPool>(self.store.as_ref(), kinds::USER_POOL).await? {
            self.serve_pool(&pool.key.scope, &pool.value);
        }
        for stage in typed::list_everywhere_json::<Stage>(self.store.as_ref(), kinds::API_STAGE).await? {
            self.serve_stage(&stage.key.scope, &stage.value).await?;
        }
        *applied = sequence;
        Ok(())
    }

    async fn catch_up(&self, sequence: u64) -> Result<(), StoreError> {
        let mut applied = self.applied.lock().await;
        while *applied < sequence {
            let changes = self.store.changes_since(*applied, CHANGES_MAX).await?;
            let Some(last) = changes.last().map(|change| change.sequence) else {
                // The log was shortened below us: what it said is in the records.
                *applied = sequence;
                break;
            };
            for change in &changes {
                self.apply(change).await?;
            }
            *applied = last;
        }
        Ok(())
    }

    async fn apply(&self, change: &Change) -> Result<(), StoreError> {
        let (scope, id) = (&change.key.scope, change.key.id.as_str());
        if change.key.kind == kinds::API_STAGE {
            match typed::read_json::<Stage>(self.store.as_ref(), &change.key).await? {
                Some(stage) => self.serve_stage(scope, &stage.value).await?,
                None => {
                    if let Some((api, stage)) = id.split_once('/') {
                        let (api, stage) = (ApiId::from(api), StageName::from(stage));
                        self.snapshots
                            .change(|snapshot| snapshot.without_stage(&api, &stage));
                    }
                }
            }
        } else if change.key.kind == kinds::USER_POOL {
            match typed::read_json::<UserPool>(self.store.as_ref(), &change.key).await? {
                Some(pool) => self.serve_pool(scope, &pool.value),
                None => {
                    let arn = PoolSnapshot::arn_of(scope, &UserPoolId::from(id));
                    self.snapshots.change(|snapshot| snapshot.without_pool(&arn));
                }
            }
        }
        Ok(())
    }

    fn serve_pool(&self, scope: &Scope, pool: &UserPool) {
        match PoolSnapshot::compile(scope, pool, &self.issuer.issuer(&pool.id)) {
            Ok(compiled) => self.snapshots.change(|snapshot| snapshot.with_pool(compiled)),
            Err(problems) => log_problems(&format!("user pool {}", pool.id), &problems),
        }
    }

    async fn serve_stage(&self, scope: &Scope, stage: &Stage) -> Result<(), StoreError> {
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

fn log_problems(what: &str, problems: &[Problem]) {
    for problem in problems {
        tracing::error!("{what} keeps its last good configuration: {problem}");
    }
}

impl Published for Publication {
    fn caught_up(&self, sequence: u64) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async move {
            if let Err(cause) = self.catch_up(sequence).await {
                tracing::error!("changes of the configuration cannot be read: {cause}");
            }
        })
    }
}

/// What the gateway can serve, for control to ask before it deploys.
pub(super) struct GatewayCompiler;

impl Compiler for GatewayCompiler {
    fn check(&self, scope: &Scope, image: &ApiImage, stage: &Stage) -> Vec<Problem> {
        let deployment = Deployment {
            id: DeploymentId::from("check"),
            api_id: image.rest_api.id.clone(),
            description: None,
            created_date: stage.created_date,
            image: image.clone(),
        };
        compile_stage(stage, &deployment, scope).err().unwrap_or_default()
    }
}
