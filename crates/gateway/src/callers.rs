//! Whose access keys sign calls of APIs, and what their policies allow: an index beside the snapshot, fed as records change.
//! Reading it takes no lock. Secrets are here in clear, in memory alone: they are sealed wherever they are kept.

use std::sync::Arc;

use portcullis_engines::iam::Policy;
use portcullis_model::{
    AccountId, SecretText,
    resources::iam::{AccessKey, User},
};

/// The callers of all accounts.
#[derive(Default)]
pub struct Callers {
    /// By access key id. Inactive keys are not here.
    keys: papaya::HashMap<Box<str>, Arc<CallersKey>>,
    /// By account and name.
    users: papaya::HashMap<(AccountId, Box<str>), Arc<CallersUser>>,
}

/// An active access key.
pub(crate) struct CallersKey {
    pub(crate) account: AccountId,
    pub(crate) secret: SecretText,
    /// None: the account's own.
    pub(crate) user_name: Option<Box<str>>,
}

/// A user and the inline policies, compiled.
pub(crate) struct CallersUser {
    pub(crate) arn: Box<str>,
    pub(crate) user_id: Box<str>,
    pub(crate) user_name: Box<str>,
    /// None when one of them cannot be read: then nothing is allowed.
    pub(crate) policies: Option<Vec<Policy>>,
}

impl Callers {
    /// Takes a key as its record says now.
    pub fn put_key(&self, account: &AccountId, key: &AccessKey, secret: SecretText) {
        if key.status != "Active" {
            return self.remove_key(key.access_key_id.as_str());
        }
        let kept = CallersKey {
            account: account.clone(),
            secret,
            user_name: key.user_name.as_deref().map(Into::into),
        };
        let id = key.access_key_id.as_str().into();
        self.keys.pin().insert(id, Arc::new(kept));
    }

    /// Forgets a key.
    pub fn remove_key(&self, access_key_id: &str) {
        self.keys.pin().remove(access_key_id);
    }

    /// Takes a user as his record says now.
    pub fn put_user(&self, account: &AccountId, user: &User) {
        let policies = user
            .policies
            .values()
            .map(|document| Policy::parse(document).ok());
        let kept = CallersUser {
            arn: format!("arn:aws:iam::{account}:user{}{}", user.path, user.user_name).into(),
            user_id: user.user_id.as_str().into(),
            user_name: user.user_name.as_str().into(),
            policies: policies.collect(),
        };
        let key = (account.clone(), user.user_name.as_str().into());
        self.users.pin().insert(key, Arc::new(kept));
    }

    /// Forgets a user; his keys then open nothing.
    pub fn remove_user(&self, account: &AccountId, user_name: &str) {
        self.users.pin().remove(&(account.clone(), Box::from(user_name)));
    }

    pub(crate) fn key(&self, access_key_id: &str) -> Option<Arc<CallersKey>> {
        self.keys.pin().get(access_key_id).cloned()
    }

    pub(crate) fn user(&self, account: &AccountId, user_name: &str) -> Option<Arc<CallersUser>> {
        let key = (account.clone(), Box::from(user_name));
        self.users.pin().get(&key).cloned()
    }
}
