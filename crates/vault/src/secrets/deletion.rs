//! Deletion with a recovery window, restoring, and deletion at once.
//!
//! A secret in its window expires in the store with all its versions, so nothing has to remember to delete it.

use portcullis_model::Timestamp;
use portcullis_store::{Batch, Expect, Page, Put, kinds, settled};

use super::{Secret, Secrets, SecretsError};

/// Days of a recovery window where none is said.
const WINDOW_DAYS_DEFAULT: i64 = 30;
const DAY_SECONDS: i64 = 24 * 60 * 60;

/// What a deletion did.
#[derive(Clone, Debug)]
pub struct Deletion {
    pub arn: String,
    pub name: String,
    /// When the secret is gone.
    pub date: Timestamp,
}

impl Secrets<'_> {
    /// Marks a secret for deletion after `window_days`.
    pub async fn delete(&self, id: &str, window_days: Option<i64>) -> Result<Deletion, SecretsError> {
        let days = window_days.unwrap_or(WINDOW_DAYS_DEFAULT);
        if !(7..=30).contains(&days) {
            return Err(SecretsError::invalid_parameter(
                "The RecoveryWindowInDays value must be between 7 and 30 days (inclusive).",
            ));
        }
        settled(SecretsError::is_conflict, || async {
            let found = self.found(id).await?;
            if found.value.deletion.is_some() {
                return Err(SecretsError::invalid_request(
                    "You can't perform this operation on the secret because it was already scheduled for deletion.",
                ));
            }
            let date = self.clock.now().plus_seconds(days * DAY_SECONDS);
            let mut secret = found.value.clone();
            secret.deletion = Some(date);
            let batch = self.expiring(&secret).await?;
            let put = self.secret_put(&found, &secret)?;
            self.store.commit(batch.with(put)).await?;
            Ok(Deletion {
                arn: secret.arn,
                name: secret.name,
                date,
            })
        })
        .await
    }

    /// Deletes a secret at once. One that is not there is fine.
    pub async fn delete_now(&self, id: &str) -> Result<Deletion, SecretsError> {
        settled(SecretsError::is_conflict, || async {
            let date = self.clock.now();
            let found = match self.found(id).await {
                Err(error) if error.is_not_found() => {
                    let (arn, name) = self.called(id);
                    return Ok(Deletion { arn, name, date });
                }
                other => other?,
            };
            let mut batch = Batch::new().delete(found.key.clone(), found.expect());
            for version in found.value.versions.keys() {
                batch = batch.delete(self.value_key(&found.value.arn, version), Expect::Anything);
            }
            self.store.commit(batch).await?;
            Ok(Deletion {
                arn: found.value.arn,
                name: found.value.name,
                date,
            })
        })
        .await
    }

    /// Takes a secret out of its recovery window; one that is in none stays as it is.
    pub async fn restore(&self, id: &str) -> Result<Secret, SecretsError> {
        settled(SecretsError::is_conflict, || async {
            let found = self.found(id).await?;
            let mut secret = found.value.clone();
            if secret.deletion.take().is_some() {
                let batch = self.expiring(&secret).await?;
                let put = self.secret_put(&found, &secret)?;
                self.store.commit(batch.with(put)).await?;
            }
            Ok(secret)
        })
        .await
    }

    /// Returns the writes that let every value expire when the secret does.
    async fn expiring(&self, secret: &Secret) -> Result<Batch, SecretsError> {
        let prefix = self.value_key(&secret.arn, "").id;
        let values = self
            .store
            .list(self.scope, kinds::SECRET_VALUE, Page::all(prefix))
            .await?;
        let mut batch = Batch::new();
        for value in values {
            batch.puts.push(Put {
                key: value.key,
                body: value.body,
                expect: Expect::Version(value.version),
                lookups: Vec::new(),
                expires: secret.deletion,
            });
        }
        Ok(batch)
    }

    fn called(&self, id: &str) -> (String, String) {
        match id.splitn(7, ':').nth(6) {
            Some(own) if id.starts_with("arn:") => (id.to_owned(), own.to_owned()),
            _ => (self.arn_of(id), id.to_owned()),
        }
    }
}
