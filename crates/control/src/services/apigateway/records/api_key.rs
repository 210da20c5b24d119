//! API keys: <https://docs.aws.amazon.com/apigateway/latest/api/API_ApiKey.html>
//!
//! A value is kept sealed, for whoever may ask for it, and as a keyed hash, by which the data plane finds it. The hash holds the
//! account and region, so that accounts neither meet nor learn of each other's values.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use portcullis_model::{
    Entropy, Scope, SecretText,
    resources::usage_plans::{ApiKey, UsagePlanKey},
};
use portcullis_store::{Batch, Expect, Put, RecordKey, StoreError, kinds};
use portcullis_vault::{KeyedHash, Vault, VaultError};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Apis, Kept, Listed, Wanted, api_key_ids, encode};
use crate::{
    operation::AwsError,
    ports::UsageCounters,
    services::apigateway::errors::{bad_request, conflict, from_store, not_found, unsupported},
};

/// Characters of a value that we make, as AWS.
const VALUE_CHARACTERS_MADE: usize = 40;
/// The shortest and the longest value, in characters.
const VALUE_CHARACTERS_MIN: usize = 20;
const VALUE_CHARACTERS_MAX: usize = 128;
/// Plans that a key may be in, as AWS's quota.
pub(super) const PLANS_PER_KEY_MAX: usize = 10;
/// Characters of a name, as AWS's quota.
const NAME_CHARACTERS_MAX: usize = 1_024;
/// Keys of an account in a region. AWS's quota is 10,000 and can be raised.
const KEYS_MAX: usize = 2_000_000;
/// Characters of the hash by which the store finds a value: 96 bits, which no two of any number of keys share. The whole stands in
/// the record.
const LOOKUP_CHARACTERS: usize = 16;

/// What a caller chooses about a key.
#[derive(Clone, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApiKeySettings {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<String>,
    #[serde(default)]
    pub enabled: bool,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    #[serde(default, skip_serializing)]
    pub value: Option<String>,
    // AWS's other fields: named here so that their refusal can name them.
    #[serde(default, skip_serializing)]
    pub generate_distinct_id: Option<bool>,
    #[serde(default, skip_serializing)]
    pub stage_keys: Option<Value>,
}

/// Which keys a listing holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ApiKeyFilter {
    /// The beginning of the name.
    pub name: Option<String>,
    pub customer_id: Option<String>,
}

impl ApiKeyFilter {
    pub(super) fn takes(&self, key: &ApiKey) -> bool {
        let name = key.name.as_deref().unwrap_or_default();
        self.name.as_ref().is_none_or(|wanted| name.starts_with(wanted))
            && (self.customer_id.is_none() || self.customer_id == key.customer_id)
    }
}

/// The keys and plans of one account and region.
#[derive(Clone, Copy)]
pub struct Plans<'a> {
    pub apis: Apis<'a>,
    pub vault: &'a Vault,
    pub counters: &'a dyn UsageCounters,
}

/// Returns the hash by which values of keys are found.
pub fn api_key_hash(vault: &Vault) -> Result<KeyedHash, VaultError> {
    vault.keyed_hash("apigateway/api-key/value")
}

/// Returns the hash of a value among those of `scope`.
pub fn hash_of(hash: &KeyedHash, scope: &Scope, value: &[u8]) -> [u8; 32] {
    hash.of(&[
        scope.account.as_str().as_bytes(),
        scope.region.as_str().as_bytes(),
        value,
    ])
}

/// Reads a hash as a record holds it.
pub fn parse_hash(text: &str) -> Option<[u8; 32]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

/// Returns by which part of a hash, as a record holds it, the store finds a key.
pub(super) fn lookup_of(hash: &str) -> &str {
    hash.get(..LOOKUP_CHARACTERS).unwrap_or(hash)
}

impl ApiKeySettings {
    /// Returns the settings that `key` has.
    pub fn of(key: &ApiKey) -> Self {
        Self {
            name: key.name.clone(),
            description: key.description.clone(),
            customer_id: key.customer_id.clone(),
            enabled: key.enabled,
            tags: key.tags.clone(),
            ..Self::default()
        }
    }

    pub(super) fn check(&self) -> Result<(), AwsError> {
        if self.stage_keys.is_some() {
            return Err(unsupported("stageKeys", "put the key into a usage plan"));
        }
        if self.generate_distinct_id == Some(false) {
            return Err(unsupported(
                "generateDistinctId",
                "the id of a key is never its value",
            ));
        }
        let length = self.name.as_ref().map_or(0, |name| name.chars().count());
        if length > NAME_CHARACTERS_MAX {
            return Err(bad_request(format!(
                "API Key name must not be longer than {NAME_CHARACTERS_MAX} characters"
            )));
        }
        Ok(())
    }

    /// Takes the value that the caller chose, or makes one.
    fn take_value(&mut self, entropy: &dyn Entropy) -> Result<SecretText, AwsError> {
        let Some(value) = self.value.take().filter(|value| !value.is_empty()) else {
            return Ok(SecretText::new(entropy.alphanumeric(VALUE_CHARACTERS_MADE)));
        };
        let value = SecretText::new(value);
        check_value(&value)?;
        Ok(value)
    }
}

/// Refuses what is no value of a key.
pub(super) fn check_value(value: &SecretText) -> Result<(), AwsError> {
    let text = value.expose();
    if text.len() < VALUE_CHARACTERS_MIN {
        return Err(bad_request(format!(
            "API Key value should be at least {VALUE_CHARACTERS_MIN} characters"
        )));
    }
    // A header carries it: visible ASCII.
    if text.len() > VALUE_CHARACTERS_MAX || !text.bytes().all(|byte| byte.is_ascii_graphic()) {
        return Err(bad_request(format!(
            "API Key value must be at most {VALUE_CHARACTERS_MAX} visible ASCII characters"
        )));
    }
    Ok(())
}

impl Plans<'_> {
    /// Makes a key; returns it with its value.
    pub async fn create_api_key(
        &self,
        mut settings: ApiKeySettings,
    ) -> Result<(ApiKey, SecretText), AwsError> {
        settings.check()?;
        let value = settings.take_value(self.apis.entropy)?;
        self.check_room_for(1)?;
        let id = api_key_ids::next(self.apis.clock.now());
        let sealed = self.vault.seal_text(&purpose(&id), &value);
        let hash = api_key_hash(self.vault).map_err(internal)?;
        let hash = hash_of(&hash, self.apis.scope, value.expose().as_bytes());
        let now = self.apis.clock.now();
        let key = ApiKey {
            id,
            name: settings.name,
            description: settings.description,
            customer_id: settings.customer_id,
            enabled: settings.enabled,
            created_date: now,
            last_updated_date: now,
            tags: settings.tags,
            sealed_value: sealed.map_err(internal)?,
            value_hash: URL_SAFE_NO_PAD.encode(hash),
        };
        self.write_api_key(&key, Expect::Absent).await?;
        Ok((key, value))
    }

    /// Refuses keys beyond [`KEYS_MAX`]. The data plane knows how many there are, without reading them all.
    pub(super) fn check_room_for(&self, more: usize) -> Result<(), AwsError> {
        if self.counters.keys(self.apis.scope).saturating_add(more) > KEYS_MAX {
            return Err(AwsError::new(
                "LimitExceededException",
                429,
                format!("An account may have at most {KEYS_MAX} API keys"),
            ));
        }
        Ok(())
    }

    /// Returns a key, or AWS's error when there is none.
    pub async fn api_key(&self, id: &str) -> Result<Kept<ApiKey>, AwsError> {
        let found = self.apis.find(kinds::API_KEY, id).await?;
        found.ok_or_else(|| not_found("Invalid API Key identifier specified"))
    }

    /// Returns a key's value.
    pub fn value_of(&self, key: &ApiKey) -> Result<SecretText, AwsError> {
        let opened = self.vault.unseal_text(&purpose(&key.id), &key.sealed_value);
        opened.map_err(internal)
    }

    /// Returns a page of the keys that pass `filter`.
    pub async fn api_keys(&self, filter: &ApiKeyFilter, wanted: &Wanted) -> Result<Listed<ApiKey>, AwsError> {
        let mut found = Vec::new();
        let mut from = Wanted {
            position: wanted.position.clone(),
            limit: if *filter == ApiKeyFilter::default() {
                wanted.limit
            } else {
                Some(usize::MAX)
            },
        };
        // There may be a million: no more are read than the page needs.
        while found.len() <= wanted.limit() {
            let page: Listed<ApiKey> = self.apis.page(kinds::API_KEY, "", &from).await?;
            found.extend(page.items.into_iter().filter(|key| filter.takes(key)));
            if page.position.is_none() {
                break;
            }
            from.position = page.position;
        }
        Ok(after(found, |key| &key.id, wanted))
    }

    /// Gives a key new settings; its value stays.
    pub async fn replace_api_key(&self, id: &str, settings: ApiKeySettings) -> Result<ApiKey, AwsError> {
        let kept = self.api_key(id).await?;
        settings.check()?;
        let key = ApiKey {
            name: settings.name,
            description: settings.description,
            customer_id: settings.customer_id,
            enabled: settings.enabled,
            tags: settings.tags,
            last_updated_date: self.apis.clock.now(),
            ..kept.value
        };
        self.write_api_key(&key, Expect::Version(kept.version)).await?;
        Ok(key)
    }

    /// Deletes a key, and takes it out of its plans.
    pub async fn delete_api_key(&self, id: &str) -> Result<(), AwsError> {
        let kept = self.api_key(id).await?;
        let mut batch = Batch::new().delete(self.apis.key(kinds::API_KEY, id), Expect::Version(kept.version));
        for pair in self.pairs_of(id).await? {
            let pair = format!("{}/{}", pair.plan_id, pair.key_id);
            let record = self.apis.key(kinds::USAGE_PLAN_KEY, pair);
            batch = batch.delete(record, Expect::Anything);
        }
        self.apis.commit(batch).await
    }

    /// Returns the plans that a key is in.
    pub(super) async fn pairs_of(&self, key: &str) -> Result<Vec<UsagePlanKey>, AwsError> {
        let store = self.apis.store;
        let found = store.find(kinds::USAGE_PLAN_KEY, "key", key).await;
        let found = found.map_err(|error| from_store(&error))?;
        let own = found.iter().filter(|record| record.scope == *self.apis.scope);
        let pair = |record: &RecordKey| {
            let (plan, key) = record.id.split_once('/')?;
            Some(UsagePlanKey {
                plan_id: plan.to_owned(),
                key_id: key.to_owned(),
            })
        };
        Ok(own.filter_map(pair).collect())
    }

    async fn write_api_key(&self, key: &ApiKey, expect: Expect) -> Result<(), AwsError> {
        let put = Put {
            key: self.apis.key(kinds::API_KEY, key.id.as_str()),
            body: encode(key)?,
            expect,
            lookups: Vec::new(),
            expires: None,
        };
        let batch = Batch::new().with(put.unique("api-key-value", lookup_of(&key.value_hash)));
        match self.apis.store.commit(batch).await {
            Err(StoreError::Taken { .. }) => Err(conflict("API Key already exists")),
            other => other.map(drop).map_err(|error| from_store(&error)),
        }
    }
}

/// Returns what comes after the position, in the order of ids.
pub(super) fn after<T>(items: Vec<T>, id: impl Fn(&T) -> &str, wanted: &Wanted) -> Listed<T> {
    let position = wanted.position.as_deref().unwrap_or_default();
    let mut items: Vec<T> = items.into_iter().filter(|item| id(item) > position).collect();
    let limit = wanted.limit();
    let more = items.len() > limit;
    items.truncate(limit);
    let position = items.last().filter(|_| more).map(|last| id(last).to_owned());
    Listed { items, position }
}

pub(super) fn purpose(id: &str) -> String {
    format!("apigateway/api-key/{id}/value")
}

pub(super) fn internal(error: VaultError) -> AwsError {
    AwsError::internal(error.to_string())
}
