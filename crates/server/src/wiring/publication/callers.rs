//! Users and roles, who sign calls of APIs, and what says what they may.

use std::sync::Arc;

use portcullis_control::credentials;
use portcullis_gateway::Callers;
use portcullis_model::{
    Scope,
    resources::iam::{AccessKey, Group, ManagedPolicy, Role, User},
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
        let (store, callers) = (self.store.as_ref(), &self.callers);
        let (account, id) = (&key.scope.account, key.id.as_str());
        if key.kind == kinds::IAM_ROLE {
            match typed::read_json::<Role>(store, key).await? {
                Some(found) => callers.put_role(account, &found.value),
                None => callers.remove_role(account, id),
            }
        } else if key.kind == kinds::IAM_GROUP {
            match typed::read_json::<Group>(store, key).await? {
                Some(found) => callers.put_group(account, &found.value),
                None => callers.remove_group(account, id),
            }
        } else if key.kind == kinds::IAM_POLICY {
            match typed::read_json::<ManagedPolicy>(store, key).await? {
                Some(found) => callers.put_policy(account, &found.value),
                None => callers.remove_policy(account, id),
            }
        } else {
            match typed::read_json::<User>(store, key).await? {
                Some(found) => callers.put_user(account, &found.value),
                None => callers.remove_user(account, id),
            }
        }
        Ok(())
    }
}

impl Feed for CallersFeed {
    fn kinds(&self) -> &'static [Kind] {
        &[
            kinds::IAM_POLICY,
            kinds::IAM_GROUP,
            kinds::IAM_ROLE,
            kinds::IAM_USER,
            kinds::ACCESS_KEY,
        ]
    }

    fn load(&self) -> Serving<'_> {
        Box::pin(async {
            let store = self.store.as_ref();
            for policy in typed::list_everywhere_json::<ManagedPolicy>(store, kinds::IAM_POLICY).await? {
                self.callers.put_policy(&policy.key.scope.account, &policy.value);
            }
            for group in typed::list_everywhere_json::<Group>(store, kinds::IAM_GROUP).await? {
                self.callers.put_group(&group.key.scope.account, &group.value);
            }
            for role in typed::list_everywhere_json::<Role>(store, kinds::IAM_ROLE).await? {
                self.callers.put_role(&role.key.scope.account, &role.value);
            }
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
