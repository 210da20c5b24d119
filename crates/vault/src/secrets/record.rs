//! What stands in the store: a secret with the facts of its versions, and beside it each version's sealed value.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_model::{SecretBytes, SecretText, Timestamp};
use portcullis_store::{Expect, Put, RecordKey, kinds, typed::Versioned};
use serde::{Deserialize, Serialize};

use super::{Secrets, SecretsError};

/// A secret without its values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Secret {
    /// Ends in `-` and six random characters.
    pub arn: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Kept and told, without effect: values are sealed under the root key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key_id: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    pub created: Timestamp,
    pub last_changed: Timestamp,
    /// The day, at midnight.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_accessed: Option<Timestamp>,
    /// When it will be gone; none while it is not to be deleted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deletion: Option<Timestamp>,
    /// By version id.
    pub versions: BTreeMap<String, Version>,
}

/// What is known of a version without opening it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub struct Version {
    /// Staging labels; none: the version is deprecated.
    pub stages: BTreeSet<String>,
    pub created: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_accessed: Option<Timestamp>,
}

/// A secret's value. Equality takes constant time.
#[derive(Clone, PartialEq, Eq)]
pub enum SecretValue {
    Text(SecretText),
    Binary(SecretBytes),
}

impl SecretValue {
    /// Returns the value's bytes.
    pub fn expose(&self) -> &[u8] {
        match self {
            Self::Text(text) => text.expose().as_bytes(),
            Self::Binary(bytes) => bytes.expose(),
        }
    }
}

/// A version's value as it stands in the store.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct SealedValue {
    binary: bool,
    sealed: String,
}

/// Binds an envelope to one version of one secret, and to its kind, so that text never comes back as bytes.
fn purpose(arn: &str, version_id: &str, binary: bool) -> String {
    let kind = if binary { "binary" } else { "string" };
    format!("secretsmanager/{arn}/{version_id}/{kind}")
}

impl Secrets<'_> {
    pub(super) fn secret_key(&self, name: &str) -> RecordKey {
        RecordKey::new(self.scope, kinds::SECRET, name)
    }

    /// Neither name nor suffix can hold the `:` between secret and version.
    pub(super) fn value_key(&self, arn: &str, version_id: &str) -> RecordKey {
        let own = arn.splitn(7, ':').nth(6).unwrap_or(arn);
        RecordKey::new(self.scope, kinds::SECRET_VALUE, format!("{own}:{version_id}"))
    }

    /// Returns the write of a secret that was read as `found`.
    pub(super) fn secret_put(&self, found: &Versioned<Secret>, secret: &Secret) -> Result<Put, SecretsError> {
        let mut put = Put::json(found.key.clone(), secret, found.expect())?;
        put.expires = secret.deletion;
        Ok(put)
    }

    pub(super) fn value_put(
        &self,
        secret: &Secret,
        version_id: &str,
        value: &SecretValue,
    ) -> Result<Put, SecretsError> {
        let binary = matches!(value, SecretValue::Binary(_));
        let sealed = self
            .vault
            .seal(&purpose(&secret.arn, version_id, binary), value.expose())?;
        let value = SealedValue { binary, sealed };
        Ok(Put::json(
            self.value_key(&secret.arn, version_id),
            &value,
            Expect::Absent,
        )?)
    }

    /// Opens the value of a version; none when it is gone.
    pub(super) async fn open_value(
        &self,
        secret: &Secret,
        version_id: &str,
    ) -> Result<Option<SecretValue>, SecretsError> {
        let key = self.value_key(&secret.arn, version_id);
        let found = portcullis_store::typed::read_json::<SealedValue>(self.store, &key).await?;
        let Some(SealedValue { binary, sealed }) = found.map(|found| found.value) else {
            return Ok(None);
        };
        let purpose = purpose(&secret.arn, version_id, binary);
        Ok(Some(if binary {
            SecretValue::Binary(self.vault.unseal(&purpose, &sealed)?)
        } else {
            SecretValue::Text(self.vault.unseal_text(&purpose, &sealed)?)
        }))
    }
}
