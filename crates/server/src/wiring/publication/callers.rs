//! Users and their access keys, who sign calls of APIs.

use std::sync::Arc;

use portcullis_control::credentials;
use portcullis_gateway::Callers;
use portcullis_model::{
    Scope,
    resources::iam::{AccessKey, User},
};
use portcullis_store::{Kind, RecordKey, Store, StoreError, kinds, typed};
use portcullis_vault::Vault;

use super::{Feed, Serving};

pub(super) struct CallersFeed {
    pub(super) store: Arc<dyn Store>,
    pub(super) vault: Arc<Vault>,
    pub(super) callers: Arc<Callers>,
}

impl CallersFeed {
    fn serve_key(&self, scope: &Scope, key: &AccessKey) {
        match credentials::unseal(&self.vault, key) {
            Ok(secret) => self.callers.put_key(&scope.account, key, secret),
            Err(cause) => {
                self.callers.remove_key(key.access_key_id.as_str());
                tracing::error!(key = %key.access_key_id, "the access key cannot be opened: {cause:?}");
            }
        }
    }

    async fn apply_one(&self, key: &RecordKey) -> Result<(), StoreError> {
        if key.kind == kinds::ACCESS_KEY {
            match typed::read_json::<AccessKey>(self.store.as_ref(), key).await? {
                Some(found) => self.serve_key(&key.scope, &found.value),
                None => self.callers.remove_key(key.id.as_str()),
            }
            return Ok(());
        }
        match typed::read_json::<User>(self.store.as_ref(), key).await? {
            Some(found) => self.callers.put_user(&key.scope.account, &found.value),
            None => self.callers.remove_user(&key.scope.account, key.id.as_str()),
        }
        Ok(())
    }
}

impl Feed for CallersFeed {
    fn kinds(&self) -> &'static [Kind] {
        &[kinds::IAM_USER, kinds::ACCESS_KEY]
    }

    fn load(&self) -> Serving<'_> {
        Box::pin(async {
            let store = self.store.as_ref();
            for user in typed::list_everywhere_json::<User>(store, kinds::IAM_USER).await? {
                self.callers.put_user(&user.key.scope.account, &user.value);
            }
            for key in typed::list_everywhere_json::<AccessKey>(store, kinds::ACCESS_KEY).await? {
                self.serve_key(&key.key.scope, &key.value);
            }
            Ok(())
        })
    }

    fn apply<'a>(&'a self, key: &'a RecordKey) -> Serving<'a> {
        Box::pin(self.apply_one(key))
    }
}
