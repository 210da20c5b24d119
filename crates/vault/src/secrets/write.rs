//! Making secrets and versions: `CreateSecret`, `PutSecretValue`, `UpdateSecret`, `UpdateSecretVersionStage`.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_model::Timestamp;
use portcullis_store::{Batch, Expect, Put, settled};

use super::{
    Secret, SecretValue, Secrets, SecretsError, VALUE_BYTES_MAX, VERSIONS_MAX, Version,
    labels::{self, CURRENT},
    name::check_name,
    settings::check_tags,
};

/// A value, and the token under which it becomes a version once.
#[derive(Clone)]
pub struct NewValue {
    pub value: SecretValue,
    /// None: a fresh one.
    pub token: Option<String>,
}

/// What a new secret shall be.
#[derive(Clone)]
pub struct NewSecret {
    pub name: String,
    pub description: Option<String>,
    pub kms_key_id: Option<String>,
    pub tags: BTreeMap<String, String>,
    pub value: Option<NewValue>,
}

/// A version to add.
#[derive(Clone)]
pub struct NewVersion {
    pub value: NewValue,
    /// None: `AWSCURRENT`.
    pub stages: Option<Vec<String>>,
}

/// What shall change; what is none stays.
#[derive(Clone, Default)]
pub struct SecretChange {
    pub description: Option<String>,
    pub kms_key_id: Option<String>,
    pub value: Option<NewValue>,
}

/// A secret after a write, and the version that the write was about.
#[derive(Clone, Debug)]
pub struct Written {
    pub secret: Secret,
    pub version_id: Option<String>,
}

/// Versions younger than this are never removed.
const YOUNG_SECONDS: i64 = 24 * 60 * 60;

impl Secrets<'_> {
    /// Makes a secret.
    pub async fn create(&self, new: &NewSecret) -> Result<Written, SecretsError> {
        check_name(&new.name)?;
        self.create_managed(new).await
    }

    /// Makes a secret that another service keeps here, under a name with `!` that no caller can choose:
    /// `events!connection/…`.
    pub async fn create_managed(&self, new: &NewSecret) -> Result<Written, SecretsError> {
        check_tags(&new.tags)?;
        new.value.iter().try_for_each(check_value)?;
        settled(SecretsError::is_conflict, || self.create_once(new)).await
    }

    async fn create_once(&self, new: &NewSecret) -> Result<Written, SecretsError> {
        match self.found(&new.name).await {
            Err(error) if error.is_not_found() => {}
            Err(error) => return Err(error),
            Ok(found) => return self.create_again(&found.value, new).await,
        }
        let now = self.clock.now();
        let mut secret = Secret {
            arn: self.new_arn(&new.name),
            name: new.name.clone(),
            description: new.description.clone(),
            kms_key_id: new.kms_key_id.clone(),
            tags: new.tags.clone(),
            created: now,
            last_changed: now,
            last_accessed: None,
            deletion: None,
            versions: BTreeMap::new(),
        };
        let mut batch = Batch::new();
        let mut version_id = None;
        if let Some(new) = &new.value {
            let id = self.token_of(new);
            batch.puts.push(self.value_put(&secret, &id, &new.value)?);
            self.add_version(&mut secret, &id, now);
            labels::attach(&mut secret.versions, &id, &[CURRENT.to_owned()])?;
            version_id = Some(id);
        }
        let key = self.secret_key(&secret.name);
        batch.puts.push(Put::json(key, &secret, Expect::Absent)?);
        self.store.commit(batch).await?;
        Ok(Written { secret, version_id })
    }

    /// Answers a creation of what is there: the same again is fine, as AWS has it for a token that comes twice.
    async fn create_again(&self, present: &Secret, new: &NewSecret) -> Result<Written, SecretsError> {
        if present.deletion.is_some() {
            return Err(SecretsError::invalid_request(
                "You can't create this secret because a secret with this name is already scheduled for deletion.",
            ));
        }
        let token = new.value.as_ref().and_then(|new| new.token.as_deref());
        if let (Some(new), Some(id)) = (&new.value, token)
            && present.versions.contains_key(id)
        {
            self.same_value(present, id, &new.value).await?;
            return Ok(Written {
                secret: present.clone(),
                version_id: Some(id.to_owned()),
            });
        }
        Err(SecretsError::exists(format!(
            "The operation failed because the secret {} already exists.",
            present.name
        )))
    }

    /// Adds a version.
    pub async fn put_value(&self, id: &str, new: &NewVersion) -> Result<Written, SecretsError> {
        check_value(&new.value)?;
        settled(SecretsError::is_conflict, || self.put_value_once(id, new)).await
    }

    async fn put_value_once(&self, id: &str, new: &NewVersion) -> Result<Written, SecretsError> {
        let found = self.living(id).await?;
        let mut secret = found.value.clone();
        let mut stages = new.stages.clone().unwrap_or_else(|| vec![CURRENT.to_owned()]);
        if labels::holder(&secret.versions, CURRENT).is_none() {
            // The first version is current whatever else it is called.
            stages.push(CURRENT.to_owned());
        }
        let (version_id, batch) = self.with_value(&mut secret, &new.value, &stages).await?;
        self.commit(&found, &secret, batch).await?;
        Ok(Written {
            secret,
            version_id: Some(version_id),
        })
    }

    /// Changes what a secret says of itself, and its value where one is given.
    pub async fn update(&self, id: &str, change: &SecretChange) -> Result<Written, SecretsError> {
        change.value.iter().try_for_each(check_value)?;
        settled(SecretsError::is_conflict, || self.update_once(id, change)).await
    }

    async fn update_once(&self, id: &str, change: &SecretChange) -> Result<Written, SecretsError> {
        let found = self.living(id).await?;
        let mut secret = found.value.clone();
        let mut batch = Some(Batch::new());
        let mut version_id = None;
        if let Some(value) = &change.value {
            let written = self.with_value(&mut secret, value, &[CURRENT.to_owned()]).await?;
            (version_id, batch) = (Some(written.0), written.1);
        }
        if let Some(description) = &change.description {
            secret.description = Some(description.clone()).filter(|text| !text.is_empty());
        }
        if let Some(key) = &change.kms_key_id {
            secret.kms_key_id = Some(key.clone()).filter(|text| !text.is_empty());
        }
        secret.last_changed = self.clock.now();
        self.commit(&found, &secret, Some(batch.unwrap_or_default()))
            .await?;
        Ok(Written { secret, version_id })
    }

    /// Moves a staging label.
    pub async fn move_stage(
        &self,
        id: &str,
        label: &str,
        from: Option<&str>,
        to: Option<&str>,
    ) -> Result<Secret, SecretsError> {
        settled(SecretsError::is_conflict, || async {
            let found = self.living(id).await?;
            let mut secret = found.value.clone();
            labels::move_label(&mut secret.versions, label, from, to)?;
            secret.last_changed = self.clock.now();
            self.commit(&found, &secret, Some(Batch::new())).await?;
            Ok(secret)
        })
        .await
    }

    /// Adds a value as a version, unless the token says that it is there already; then there is nothing to write.
    async fn with_value(
        &self,
        secret: &mut Secret,
        new: &NewValue,
        stages: &[String],
    ) -> Result<(String, Option<Batch>), SecretsError> {
        let id = self.token_of(new);
        if secret.versions.contains_key(&id) {
            self.same_value(secret, &id, &new.value).await?;
            return Ok((id, None));
        }
        let now = self.clock.now();
        self.add_version(secret, &id, now);
        labels::attach(&mut secret.versions, &id, stages)?;
        let mut batch = Batch::new().with(self.value_put(secret, &id, &new.value)?);
        for gone in prune(secret, now)? {
            batch = batch.delete(self.value_key(&secret.arn, &gone), Expect::Anything);
        }
        secret.last_changed = now;
        Ok((id, Some(batch)))
    }

    async fn commit(
        &self,
        found: &portcullis_store::typed::Versioned<Secret>,
        secret: &Secret,
        batch: Option<Batch>,
    ) -> Result<(), SecretsError> {
        if let Some(batch) = batch {
            self.store
                .commit(batch.with(self.secret_put(found, secret)?))
                .await?;
        }
        Ok(())
    }

    /// Refuses another value under a token that was used.
    async fn same_value(&self, secret: &Secret, id: &str, value: &SecretValue) -> Result<(), SecretsError> {
        match self.open_value(secret, id).await? {
            Some(present) if present == *value => Ok(()),
            _ => Err(SecretsError::exists(format!(
                "You can't use ClientRequestToken {id} because that value is already in use for a version of secret {}.",
                secret.arn
            ))),
        }
    }

    fn token_of(&self, new: &NewValue) -> String {
        new.token.clone().unwrap_or_else(|| self.entropy.uuid())
    }

    fn add_version(&self, secret: &mut Secret, id: &str, now: Timestamp) {
        let version = Version {
            stages: BTreeSet::new(),
            created: now,
            last_accessed: None,
        };
        secret.versions.insert(id.to_owned(), version);
    }
}

/// Takes the oldest versions without labels away while there are too many; returns them.
fn prune(secret: &mut Secret, now: Timestamp) -> Result<Vec<String>, SecretsError> {
    let mut gone = Vec::new();
    while secret.versions.len() > VERSIONS_MAX {
        let deprecated = secret
            .versions
            .iter()
            .filter(|(_, version)| {
                version.stages.is_empty() && version.created.plus_seconds(YOUNG_SECONDS) <= now
            })
            .min_by_key(|(_, version)| version.created)
            .map(|(id, _)| id.clone());
        let Some(id) = deprecated else {
            return Err(SecretsError::limit(format!(
                "A secret can have {VERSIONS_MAX} versions, and none of the deprecated ones is older than a day. Wait until one is."
            )));
        };
        secret.versions.remove(&id);
        gone.push(id);
    }
    Ok(gone)
}

fn check_value(new: &NewValue) -> Result<(), SecretsError> {
    let length = new.value.expose().len();
    if length == 0 || length > VALUE_BYTES_MAX {
        return Err(SecretsError::invalid_parameter(format!(
            "A secret value must have 1 to {VALUE_BYTES_MAX} bytes."
        )));
    }
    let fits = |token: &String| (32..=64).contains(&token.chars().count());
    if new.token.as_ref().is_some_and(|token| !fits(token)) {
        return Err(SecretsError::invalid_parameter(
            "ClientRequestToken must be 32-64 characters long.",
        ));
    }
    Ok(())
}
