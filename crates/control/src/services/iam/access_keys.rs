//! Access keys as the operations and the stacks make, find and describe them.

use portcullis_model::{
    AccessKeyId,
    resources::iam::{AccessKey, User},
};
use portcullis_store::{
    Expect, kinds,
    typed::{self, Versioned},
};
use portcullis_vault::Vault;
use serde_json::{Value, json};

use super::{
    entities::{Entities, limit_exceeded},
    holders,
};
use crate::{
    credentials::{self, NewAccessKey},
    operation::{AwsError, Call},
};

/// AWS's quota.
const PER_USER_MAX: usize = 2;

impl Entities<'_> {
    /// Returns the keys of a user.
    pub(crate) async fn keys_of(&self, user_name: &str) -> Result<Vec<Versioned<AccessKey>>, AwsError> {
        let user = format!("{}/{user_name}", self.scope.account);
        Ok(typed::find_json(self.store, kinds::ACCESS_KEY, "user", &user).await?)
    }

    /// Makes a key of a user.
    pub(crate) async fn create_key(
        &self,
        vault: &Vault,
        user: &Versioned<User>,
    ) -> Result<NewAccessKey, AwsError> {
        let user_name = user.value.user_name.as_str();
        if self.keys_of(user_name).await?.len() >= PER_USER_MAX {
            let message = format!("Cannot exceed quota for AccessKeysPerUser: {PER_USER_MAX}");
            return Err(limit_exceeded(message));
        }
        let made = credentials::generate(vault, self.clock, self.entropy, Some(user_name))?;
        // Written with the user, so that a key never outlives a user who is deleted at the same moment, nor does a
        // third key slip in.
        let batch = credentials::put(self.scope, &made.record, Expect::Absent)?;
        let batch = batch.with(self.put(&user.value, user.expect())?);
        self.store.commit(batch).await?;
        Ok(made)
    }

    /// Reads a key of a user.
    pub(crate) async fn key_of(
        &self,
        user_name: &str,
        id: &str,
    ) -> Result<Option<Versioned<AccessKey>>, AwsError> {
        let key = credentials::key(self.scope, &AccessKeyId::from(id));
        let found = typed::read_json::<AccessKey>(self.store, &key).await?;
        Ok(found.filter(|found| found.value.user_name.as_deref() == Some(user_name)))
    }
}

/// Reads the key that a call names, which must belong to the user that it names.
pub(super) async fn read(call: &Call<'_>) -> Result<Versioned<AccessKey>, AwsError> {
    let id = call.text("AccessKeyId").unwrap_or_default();
    let user = holders::read::<User>(call).await?.value;
    let found = super::entities::entities(call)
        .key_of(&user.user_name, id)
        .await?;
    found.ok_or_else(|| {
        let message = format!("The Access Key with id {id} cannot be found.");
        AwsError::new("NoSuchEntity", 404, message)
    })
}

pub(super) fn describe(key: &AccessKey) -> Value {
    json!({
        "UserName": key.user_name,
        "AccessKeyId": key.access_key_id,
        "Status": key.status,
        "CreateDate": key.create_date.iso8601(),
    })
}
