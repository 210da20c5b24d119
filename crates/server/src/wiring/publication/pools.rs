//! User pools, whose tokens authorizers check.

use std::sync::Arc;

use portcullis_gateway::snapshot::{PoolSnapshot, Snapshots};
use portcullis_identity::IssuerForm;
use portcullis_model::{Scope, UserPoolId, resources::cognito::UserPool};
use portcullis_store::{Kind, RecordKey, Store, kinds, typed};

use super::{Feed, Serving, log_problems};

pub(super) struct Pools {
    pub(super) store: Arc<dyn Store>,
    pub(super) snapshots: Arc<Snapshots>,
    pub(super) issuer: IssuerForm,
}

impl Pools {
    fn serve(&self, scope: &Scope, pool: &UserPool) {
        match PoolSnapshot::compile(scope, pool, &self.issuer.issuer(&pool.id)) {
            Ok(compiled) => self.snapshots.change(|snapshot| snapshot.with_pool(compiled)),
            Err(problems) => log_problems(&format!("user pool {}", pool.id), &problems),
        }
    }
}

impl Feed for Pools {
    fn kinds(&self) -> &'static [Kind] {
        &[kinds::USER_POOL]
    }

    fn load(&self) -> Serving<'_> {
        Box::pin(async {
            let pools =
                typed::list_everywhere_json::<UserPool>(self.store.as_ref(), kinds::USER_POOL).await?;
            for pool in pools {
                self.serve(&pool.key.scope, &pool.value);
            }
            Ok(())
        })
    }

    fn apply<'a>(&'a self, key: &'a RecordKey) -> Serving<'a> {
        Box::pin(async move {
            match typed::read_json::<UserPool>(self.store.as_ref(), key).await? {
                Some(pool) => self.serve(&key.scope, &pool.value),
                None => {
                    let arn = PoolSnapshot::arn_of(&key.scope, &UserPoolId::from(key.id.as_str()));
                    self.snapshots.change(|snapshot| snapshot.without_pool(&arn));
                }
            }
            Ok(())
        })
    }
}
