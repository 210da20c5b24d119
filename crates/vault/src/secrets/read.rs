//! Reading secrets: a value by version or label, and the list of all.

use portcullis_model::Timestamp;
use portcullis_store::{Page, kinds, typed::list_json};

use super::{
    Secret, SecretValue, Secrets, SecretsError,
    labels::{self, CURRENT},
};

/// Which version; `AWSCURRENT` where nothing is said.
#[derive(Clone, Copy, Debug, Default)]
pub struct Wanted<'a> {
    pub version_id: Option<&'a str>,
    pub stage: Option<&'a str>,
}

/// A version with its value.
pub struct Opened {
    pub secret: Secret,
    pub version_id: String,
    pub value: SecretValue,
}

const DAY_SECONDS: i64 = 24 * 60 * 60;

impl Secrets<'_> {
    /// Opens a version.
    pub async fn value(&self, id: &str, wanted: Wanted<'_>) -> Result<Opened, SecretsError> {
        let secret = self.living(id).await?.value;
        let version_id = choose(&secret, wanted)?;
        match self.open_value(&secret, &version_id).await? {
            Some(value) => Ok(Opened {
                secret,
                version_id,
                value,
            }),
            None => Err(no_such_version(&version_id)),
        }
    }

    /// Returns which version [`Self::value`] would open; nothing is opened.
    pub async fn version(&self, id: &str, wanted: Wanted<'_>) -> Result<(Secret, String), SecretsError> {
        let secret = self.living(id).await?.value;
        let version_id = choose(&secret, wanted)?;
        Ok((secret, version_id))
    }

    /// Notes the day of an access. When somebody else writes at the same time, theirs is the better news.
    pub async fn note_access(&self, opened: &Opened) -> Result<(), SecretsError> {
        let today = day_of(self.clock.now());
        let mut found = match self.found(&opened.secret.arn).await {
            Err(error) if error.is_not_found() => return Ok(()),
            other => other?,
        };
        let Some(version) = found.value.versions.get_mut(&opened.version_id) else {
            return Ok(());
        };
        if version.last_accessed == Some(today) && found.value.last_accessed == Some(today) {
            return Ok(());
        }
        version.last_accessed = Some(today);
        found.value.last_accessed = Some(today);
        let put = self.secret_put(&found, &found.value)?;
        match self.store.commit(portcullis_store::Batch::new().with(put)).await {
            Err(portcullis_store::StoreError::Conflict { .. }) => Ok(()),
            other => Ok(other.map(drop)?),
        }
    }

    /// Returns every secret of the account and region, by name.
    pub async fn list(&self) -> Result<Vec<Secret>, SecretsError> {
        let found = list_json::<Secret>(self.store, self.scope, kinds::SECRET, Page::all("")).await?;
        Ok(found.into_iter().map(|found| found.value).collect())
    }
}

/// AWS tells the day of an access, not its time.
fn day_of(now: Timestamp) -> Timestamp {
    Timestamp::from_seconds(now.seconds() - now.seconds().rem_euclid(DAY_SECONDS))
}

fn choose(secret: &Secret, wanted: Wanted<'_>) -> Result<String, SecretsError> {
    match (wanted.version_id, wanted.stage) {
        (Some(id), stage) => {
            let version = secret.versions.get(id).ok_or_else(|| no_such_version(id))?;
            if stage.is_some_and(|stage| !version.stages.contains(stage)) {
                return Err(SecretsError::invalid_request(
                    "You provided a VersionStage that is not associated to the provided VersionId.",
                ));
            }
            Ok(id.to_owned())
        }
        (None, stage) => {
            let stage = stage.unwrap_or(CURRENT);
            let holder = labels::holder(&secret.versions, stage).map(str::to_owned);
            holder.ok_or_else(|| {
                SecretsError::not_found(format!(
                    "Secrets Manager can't find the specified secret value for staging label: {stage}"
                ))
            })
        }
    }
}

fn no_such_version(id: &str) -> SecretsError {
    SecretsError::not_found(format!(
        "Secrets Manager can't find the specified secret value for VersionId: {id}"
    ))
}
