//! Tags of a secret.

use std::collections::BTreeMap;

use portcullis_store::{Batch, settled};

use super::{Secret, Secrets, SecretsError};

/// Tags of one secret.
pub const TAGS_MAX: usize = 50;

impl Secrets<'_> {
    /// Adds tags, over those of the same keys.
    pub async fn tag(&self, id: &str, tags: &BTreeMap<String, String>) -> Result<Secret, SecretsError> {
        check_tags(tags)?;
        self.change_tags(id, |present| {
            present.extend(tags.iter().map(|(key, value)| (key.clone(), value.clone())));
        })
        .await
    }

    /// Takes tags away.
    pub async fn untag(&self, id: &str, keys: &[String]) -> Result<Secret, SecretsError> {
        self.change_tags(id, |present| present.retain(|key, _| !keys.contains(key)))
            .await
    }

    /// Gives a secret exactly these tags.
    pub async fn replace_tags(
        &self,
        id: &str,
        tags: &BTreeMap<String, String>,
    ) -> Result<Secret, SecretsError> {
        check_tags(tags)?;
        self.change_tags(id, |present| present.clone_from(tags)).await
    }

    async fn change_tags(
        &self,
        id: &str,
        change: impl Fn(&mut BTreeMap<String, String>) + Send + Sync,
    ) -> Result<Secret, SecretsError> {
        settled(SecretsError::is_conflict, || async {
            let found = self.living(id).await?;
            let mut secret = found.value.clone();
            change(&mut secret.tags);
            check_tags(&secret.tags)?;
            if secret != found.value {
                secret.last_changed = self.clock.now();
                let put = self.secret_put(&found, &secret)?;
                self.store.commit(Batch::new().with(put)).await?;
            }
            Ok(secret)
        })
        .await
    }
}

pub(super) fn check_tags(tags: &BTreeMap<String, String>) -> Result<(), SecretsError> {
    if tags.len() > TAGS_MAX {
        return Err(SecretsError::invalid_parameter(format!(
            "A secret can have {TAGS_MAX} tags."
        )));
    }
    let fits = |(key, value): (&String, &String)| {
        (1..=128).contains(&key.chars().count())
            && value.chars().count() <= 256
            && !key.to_ascii_lowercase().starts_with("aws:")
    };
    if tags.iter().all(fits) {
        return Ok(());
    }
    Err(SecretsError::invalid_parameter(
        "A tag key must have 1 to 128 characters and not begin with aws:, a tag value at most 256 characters.",
    ))
}
