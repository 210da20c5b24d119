//! Access keys: made here, found here, their secrets sealed by the vault. There are no default ones.

use portcullis_model::{AccessKeyId, Clock, Entropy, Scope, SecretText, resources::iam::AccessKey};
use portcullis_store::{Batch, Expect, RecordKey, Store, StoreError, kinds, typed};
use portcullis_vault::Vault;

use crate::AwsError;

/// By which a key is found, in whatever account it is.
const LOOKUP: &str = "access-key-id";

/// A key that was just made: the only moment at which its secret is seen.
pub struct NewAccessKey {
    pub record: AccessKey,
    pub secret: SecretText,
}

/// A key, found by its id.
#[derive(Clone)]
pub struct FoundAccessKey {
    pub scope: Scope,
    pub record: AccessKey,
    pub secret: SecretText,
}

/// Makes a key for `user_name`, or for the account itself (its root, who may do everything in it).
pub async fn create(
    store: &dyn Store,
    vault: &Vault,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
    scope: &Scope,
    user_name: Option<&str>,
) -> Result<NewAccessKey, AwsError> {
    let made = generate(vault, clock, entropy, user_name)?;
    store.commit(put(scope, &made.record, Expect::Absent)?).await?;
    Ok(made)
}

/// Makes a key without writing it.
pub(crate) fn generate(
    vault: &Vault,
    clock: &dyn Clock,
    entropy: &dyn Entropy,
    user_name: Option<&str>,
) -> Result<NewAccessKey, AwsError> {
    let access_key_id = AccessKeyId::from(format!("AKIA{}", entropy.upper_base32(16)));
    let secret = SecretText::new(entropy.alphanumeric(40));
    let sealed_secret = vault
        .seal_text(&purpose(&access_key_id), &secret)
        .map_err(|cause| AwsError::internal(cause.to_string()))?;
    let record = AccessKey {
        access_key_id,
        user_name: user_name.map(str::to_owned),
        status: "Active".into(),
        create_date: clock.now(),
        sealed_secret,
    };
    Ok(NewAccessKey { record, secret })
}

/// Returns the write of a key.
pub(crate) fn put(scope: &Scope, record: &AccessKey, expect: Expect) -> Result<Batch, StoreError> {
    let put = portcullis_store::Put::json(key(scope, &record.access_key_id), record, expect)?
        .unique(LOOKUP, record.access_key_id.as_str());
    let put = match &record.user_name {
        Some(user_name) => put.lookup("user", format!("{}/{user_name}", scope.account)),
        None => put,
    };
    Ok(Batch::new().with(put))
}

/// Returns where a key is kept.
pub(crate) fn key(scope: &Scope, access_key_id: &AccessKeyId) -> RecordKey {
    RecordKey::new(scope, kinds::ACCESS_KEY, access_key_id.as_str())
}

/// Finds a key by its id, in whatever account it is.
pub async fn find(
    store: &dyn Store,
    vault: &Vault,
    access_key_id: &str,
) -> Result<Option<FoundAccessKey>, AwsError> {
    let found = typed::find_json::<AccessKey>(store, kinds::ACCESS_KEY, LOOKUP, access_key_id).await?;
    let Some(found) = found.into_iter().next() else {
        return Ok(None);
    };
    let secret = unseal(vault, &found.value)?;
    Ok(Some(FoundAccessKey {
        scope: found.key.scope,
        record: found.value,
        secret,
    }))
}

/// Opens the secret of a key.
pub fn unseal(vault: &Vault, key: &AccessKey) -> Result<SecretText, AwsError> {
    vault
        .unseal_text(&purpose(&key.access_key_id), &key.sealed_secret)
        .map_err(|cause| AwsError::internal(cause.to_string()))
}

fn purpose(access_key_id: &AccessKeyId) -> String {
    format!("iam/access-key/{access_key_id}")
}
