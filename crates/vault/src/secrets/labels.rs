//! Staging labels: each stands on one version; `AWSPREVIOUS` follows where `AWSCURRENT` was.
//!
//! <https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html#term_version>

use std::collections::BTreeMap;

use super::{LABELS_MAX, SecretsError, Version};

/// The version that is read unless another is asked for.
pub const CURRENT: &str = "AWSCURRENT";
/// The version that was current before.
pub const PREVIOUS: &str = "AWSPREVIOUS";
/// The version that a rotation is making.
pub const PENDING: &str = "AWSPENDING";

type Versions = BTreeMap<String, Version>;

/// Returns the version that `label` stands on.
pub fn holder<'a>(versions: &'a Versions, label: &str) -> Option<&'a str> {
    let mut all = versions.iter();
    all.find(|(_, version)| version.stages.contains(label))
        .map(|(id, _)| id.as_str())
}

/// Puts `labels` on the version `id`, taking them from where they were.
pub(super) fn attach(versions: &mut Versions, id: &str, labels: &[String]) -> Result<(), SecretsError> {
    let was_current = holder(versions, CURRENT).map(str::to_owned);
    for label in labels {
        put(versions, id, label);
    }
    if labels.iter().any(|label| label == CURRENT)
        && let Some(old) = was_current.filter(|old| old != id)
    {
        put(versions, &old, PREVIOUS);
    }
    let count: usize = versions.values().map(|version| version.stages.len()).sum();
    if count > LABELS_MAX {
        return Err(SecretsError::limit(format!(
            "You can't attach more than {LABELS_MAX} staging labels to the versions of a secret."
        )));
    }
    Ok(())
}

fn put(versions: &mut Versions, id: &str, label: &str) {
    for version in versions.values_mut() {
        version.stages.remove(label);
    }
    if let Some(version) = versions.get_mut(id) {
        version.stages.insert(label.to_owned());
    }
}

/// Moves `label` as `UpdateSecretVersionStage` does: away from `from`, onto `to`.
pub(super) fn move_label(
    versions: &mut Versions,
    label: &str,
    from: Option<&str>,
    to: Option<&str>,
) -> Result<(), SecretsError> {
    for id in from.iter().chain(to.iter()) {
        if !versions.contains_key(*id) {
            return Err(SecretsError::not_found(format!(
                "Secrets Manager can't find the specified secret version: {id}."
            )));
        }
    }
    let holder = holder(versions, label).map(str::to_owned);
    match (holder.as_deref(), from, to) {
        (_, None, None) => {
            return Err(SecretsError::invalid_parameter(
                "You must specify RemoveFromVersionId, MoveToVersionId or both.",
            ));
        }
        (Some(holder), None, Some(to)) if holder != to => {
            return Err(SecretsError::invalid_parameter(format!(
                "The parameter RemoveFromVersionId can't be empty. Staging label {label} is currently attached to version {holder}, so you must explicitly reference that version in RemoveFromVersionId."
            )));
        }
        (holder, Some(from), _) if holder != Some(from) => {
            return Err(SecretsError::invalid_parameter(format!(
                "The staging label {label} is not attached to version {from}, which RemoveFromVersionId names."
            )));
        }
        (_, Some(_), None) if label == CURRENT => {
            return Err(SecretsError::invalid_parameter(
                "You can only move staging label AWSCURRENT to a different secret version. It can't be completely removed.",
            ));
        }
        _ => {}
    }
    match to {
        Some(to) => attach(versions, to, &[label.to_owned()]),
        None => {
            for version in versions.values_mut() {
                version.stages.remove(label);
            }
            Ok(())
        }
    }
}
