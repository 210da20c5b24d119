//! User pools, whose tokens authorizers check.

use std::sync::Arc;

use portcullis_gateway::snapshot::{PoolSnapshot, Snapshots};
use portcullis_identity::IssuerForm;
use portcullis_model::{Scope, UserPoolId, resources::cognito::UserPool};
use portcullis_store::{Kind, RecordKey, Store, kinds};

use super::{RecordFeed, Serving, log_problems};

pub(super) struct Pools {
    pub(super) store: Arc<dyn Store>,
    pub(super) snapshots: Arc<Snapshots>,
    pub(super) issuer: IssuerForm,
}

impl RecordFeed for Pools {
    type Record = UserPool;
    const KIND: Kind = kinds::USER_POOL;

    fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    fn serve<'a>(&'a self, scope: &'a Scope, pool: &'a UserPool) -> Serving<'a> {
        match PoolSnapshot::compile(scope, pool, &self.issuer.issuer(&pool.id)) {
            Ok(compiled) => self.snapshots.change(|snapshot| snapshot.with_pool(compiled)),
            Err(problems) => log_problems(&format!("user pool {}", pool.id), &problems),
        }
        Box::pin(async { Ok(()) })
    }

    fn forget(&self, key: &RecordKey) {
        let arn = PoolSnapshot::arn_of(&key.scope, &UserPoolId::from(key.id.as_str()));
        self.snapshots.change(|snapshot| snapshot.without_pool(&arn));
    }
}
