//! Many API keys at once: <https://docs.aws.amazon.com/apigateway/latest/api/API_ImportApiKeys.html>
//!
//! One batch, so all or nothing is written. A key whose value is known is given what the file says of it and keeps its id; plans
//! that the file names are added to those that it is in. What a row costs does not depend on how many keys there are: ids
//! come in the order of the rows, and values, which have none, are sought in the order of the store's index.

use std::collections::HashMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use portcullis_model::resources::usage_plans::{ApiKey, UsagePlan, UsagePlanKey};
use portcullis_store::{Batch, Expect, Put, kinds};
use portcullis_vault::KeyedHash;

use super::{
    api_key::{
        ApiKeySettings, PLANS_PER_KEY_MAX, Plans, api_key_hash, check_value, hash_of, internal, lookup_of,
        purpose,
    },
    api_key_file::{self, Row},
    api_key_ids, encode,
};
use crate::{
    operation::AwsError,
    services::apigateway::errors::{bad_request, from_store},
};

/// Warnings that an answer lists; the others are counted.
const WARNINGS_MAX: usize = 1_000;

/// What came of a file.
pub struct Imported {
    pub ids: Vec<String>,
    pub warnings: Vec<String>,
}

/// A key as it will be.
struct Wanted {
    key: ApiKey,
    expect: Expect,
    /// Those that it is in already.
    plans: Vec<String>,
    added: Vec<String>,
}

/// An import on its way.
struct Import<'p, 'a> {
    plans: &'p Plans<'a>,
    hash: KeyedHash,
    /// By id; none: there is no such plan.
    known_plans: HashMap<String, Option<UsagePlan>>,
    /// Ids of keys that are there, by the hash of the value.
    stored: HashMap<String, String>,
    /// By the hash of the value, so that the last of equal keys counts.
    keys: HashMap<String, Wanted>,
    order: Vec<String>,
    warnings: Vec<String>,
}

impl Plans<'_> {
    /// Returns the plans that a file names, for whoever checks that the caller may put keys into them.
    pub fn plans_of_file(&self, file: &[u8]) -> Result<Vec<String>, AwsError> {
        let file = api_key_file::parse(file)
            .map_err(|cause| bad_request(format!("Invalid API key file: {cause}")))?;
        let mut plans: Vec<String> = file.rows.into_iter().flat_map(|row| row.plans).collect();
        plans.sort();
        plans.dedup();
        Ok(plans)
    }

    /// Makes and changes the keys of a file. With `all_or_nothing` a single warning keeps everything as it was.
    pub async fn import_api_keys(&self, file: &[u8], all_or_nothing: bool) -> Result<Imported, AwsError> {
        let file = api_key_file::parse(file)
            .map_err(|cause| bad_request(format!("Invalid API key file: {cause}")))?;
        self.check_room_for(file.rows.len())?;
        let mut import = Import {
            plans: self,
            hash: api_key_hash(self.vault).map_err(internal)?,
            known_plans: HashMap::new(),
            stored: HashMap::new(),
            keys: HashMap::with_capacity(file.rows.len()),
            order: Vec::with_capacity(file.rows.len()),
            warnings: file.warnings,
        };
        let hashes: Vec<String> = file.rows.iter().map(|row| import.hash_of(row)).collect();
        import.seek(&hashes).await?;
        for (row, hash) in file.rows.into_iter().zip(hashes) {
            let line = row.line;
            if let Err(cause) = import.take(row, hash).await? {
                import.warnings.push(format!("line {line}: {cause}"));
            }
        }
        if all_or_nothing && !import.warnings.is_empty() {
            return Err(bad_request(format!(
                "No API key was imported: {}",
                shown(import.warnings).join("; ")
            )));
        }
        import.write().await
    }
}

fn shown(mut warnings: Vec<String>) -> Vec<String> {
    let more = warnings.len().saturating_sub(WARNINGS_MAX);
    warnings.truncate(WARNINGS_MAX);
    if more > 0 {
        warnings.push(format!("and {more} more"));
    }
    warnings
}

impl Import<'_, '_> {
    fn hash_of(&self, row: &Row) -> String {
        let value = row.value.expose().as_bytes();
        URL_SAFE_NO_PAD.encode(hash_of(&self.hash, self.plans.apis.scope, value))
    }

    /// Finds out which keys are there.
    async fn seek(&mut self, hashes: &[String]) -> Result<(), AwsError> {
        let apis = self.plans.apis;
        let mut hashes: Vec<&String> = hashes.iter().collect();
        hashes.sort_unstable();
        for hash in hashes {
            let found = apis
                .store
                .find(kinds::API_KEY, "api-key-value", lookup_of(hash))
                .await;
            let found = found.map_err(|error| from_store(&error))?;
            if let Some(record) = found.into_iter().find(|record| record.scope == *apis.scope) {
                self.stored.insert(hash.clone(), record.id);
            }
        }
        Ok(())
    }

    /// Takes a row in; the inner error is a warning.
    async fn take(&mut self, row: Row, hash: String) -> Result<Result<(), String>, AwsError> {
        let settings = ApiKeySettings {
            name: Some(row.name),
            description: row.description,
            enabled: row.enabled,
            ..ApiKeySettings::default()
        };
        if let Err(error) = settings.check().and_then(|()| check_value(&row.value)) {
            return Ok(Err(error.message));
        }
        if !self.keys.contains_key(&hash) {
            let wanted = match self.known(&hash).await? {
                Some(wanted) => wanted,
                None => self.made(&hash, &row.value)?,
            };
            self.order.push(hash.clone());
            self.keys.insert(hash.clone(), wanted);
        }
        for plan in row.plans {
            if let Err(cause) = self.add_plan(&hash, plan).await? {
                self.warnings.push(format!("line {}: {cause}", row.line));
            }
        }
        if let Some(wanted) = self.keys.get_mut(&hash) {
            wanted.key.name = settings.name;
            wanted.key.description = settings.description;
            wanted.key.enabled = settings.enabled;
            wanted.key.last_updated_date = self.plans.apis.clock.now();
        }
        Ok(Ok(()))
    }

    /// Returns the key that has the value already.
    async fn known(&self, hash: &str) -> Result<Option<Wanted>, AwsError> {
        let Some(id) = self.stored.get(hash) else {
            return Ok(None);
        };
        let kept = self.plans.api_key(id).await?;
        // The store knows a part of the hash: another key's would be changed for this one.
        if kept.value.value_hash != hash {
            return Err(AwsError::internal("two values of API keys share a lookup"));
        }
        let pairs = self.plans.pairs_of(id).await?;
        Ok(Some(Wanted {
            expect: Expect::Version(kept.version),
            key: kept.value,
            plans: pairs.into_iter().map(|pair| pair.plan_id).collect(),
            added: Vec::new(),
        }))
    }

    fn made(&self, hash: &str, value: &portcullis_model::SecretText) -> Result<Wanted, AwsError> {
        let apis = self.plans.apis;
        let id = api_key_ids::next(apis.clock.now());
        let sealed = self.plans.vault.seal_text(&purpose(&id), value);
        let now = apis.clock.now();
        Ok(Wanted {
            key: ApiKey {
                id,
                name: None,
                description: None,
                customer_id: None,
                enabled: true,
                created_date: now,
                last_updated_date: now,
                tags: std::collections::BTreeMap::new(),
                sealed_value: sealed.map_err(internal)?,
                value_hash: hash.to_owned(),
            },
            expect: Expect::Absent,
            plans: Vec::new(),
            added: Vec::new(),
        })
    }

    /// Puts a key into a plan, unless a plan that it is in has one of the same stages.
    async fn add_plan(&mut self, hash: &str, plan: String) -> Result<Result<(), String>, AwsError> {
        let present: Vec<String> = match self.keys.get(hash) {
            Some(wanted) => wanted.plans.iter().chain(&wanted.added).cloned().collect(),
            None => return Ok(Ok(())),
        };
        if present.contains(&plan) {
            return Ok(Ok(()));
        }
        if present.len() >= PLANS_PER_KEY_MAX {
            return Ok(Err(format!(
                "an API key may be in at most {PLANS_PER_KEY_MAX} usage plans"
            )));
        }
        self.learn(&plan).await?;
        for other in &present {
            self.learn(other).await?;
        }
        let Some(Some(own)) = self.known_plans.get(&plan) else {
            return Ok(Err(format!("there is no usage plan `{plan}`")));
        };
        let others = present
            .iter()
            .filter_map(|other| self.known_plans.get(other)?.as_ref());
        for other in others {
            if let Some(stage) = own.shares_stage_with(other) {
                return Ok(Err(format!(
                    "an API key cannot be in two usage plans for the stage `{}:{}`",
                    stage.api_id, stage.stage
                )));
            }
        }
        if let Some(wanted) = self.keys.get_mut(hash) {
            wanted.added.push(plan);
        }
        Ok(Ok(()))
    }

    async fn learn(&mut self, plan: &str) -> Result<(), AwsError> {
        if !self.known_plans.contains_key(plan) {
            let found = self.plans.apis.find::<UsagePlan>(kinds::USAGE_PLAN, plan).await?;
            self.known_plans
                .insert(plan.to_owned(), found.map(|kept| kept.value));
        }
        Ok(())
    }

    async fn write(self) -> Result<Imported, AwsError> {
        let apis = self.plans.apis;
        let mut keys = self.keys;
        let (mut batch, mut ids) = (Batch::new(), Vec::with_capacity(self.order.len()));
        for wanted in self.order.iter().filter_map(|hash| keys.remove(hash)) {
            let id = wanted.key.id.clone();
            let put = Put {
                key: apis.key(kinds::API_KEY, id.as_str()),
                body: encode(&wanted.key)?,
                expect: wanted.expect,
                lookups: Vec::new(),
                expires: None,
            };
            batch = batch.with(put.unique("api-key-value", lookup_of(&wanted.key.value_hash)));
            for plan_id in wanted.added {
                let pair = UsagePlanKey {
                    plan_id,
                    key_id: id.clone(),
                };
                batch = batch.with(apis.pair_put(&pair)?);
            }
            ids.push(id);
        }
        apis.commit(batch).await?;
        Ok(Imported {
            ids,
            warnings: shown(self.warnings),
        })
    }
}
