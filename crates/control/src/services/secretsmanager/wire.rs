//! Secrets and versions in the spelling of the wire; times are seconds with fractions.

use base64::{Engine, engine::general_purpose::STANDARD};
use portcullis_model::Timestamp;
use portcullis_vault::secrets::{Opened, Secret, SecretValue, Version};
use serde_json::{Map, Value, json};

fn put(members: &mut Map<String, Value>, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        members.insert(name.to_owned(), value.into());
    }
}

fn seconds(time: Timestamp) -> f64 {
    time.seconds_fractional()
}

/// Returns ARN and name, and the version that a write was about.
pub(super) fn named(secret: &Secret, version_id: Option<String>) -> Map<String, Value> {
    let mut members = Map::new();
    put(&mut members, "ARN", Some(secret.arn.as_str()));
    put(&mut members, "Name", Some(secret.name.as_str()));
    put(&mut members, "VersionId", version_id);
    members
}

/// Returns what is told of a secret without its value. `stages` is the member that maps versions to their labels.
pub(super) fn described(secret: &Secret, stages: &str) -> Value {
    let mut members = named(secret, None);
    put(&mut members, "Description", secret.description.as_deref());
    put(&mut members, "KmsKeyId", secret.kms_key_id.as_deref());
    put(
        &mut members,
        "LastChangedDate",
        Some(seconds(secret.last_changed)),
    );
    put(
        &mut members,
        "LastAccessedDate",
        secret.last_accessed.map(seconds),
    );
    put(&mut members, "DeletedDate", secret.deletion.map(seconds));
    put(&mut members, "CreatedDate", Some(seconds(secret.created)));
    let tags: Vec<Value> = secret
        .tags
        .iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect();
    put(&mut members, "Tags", (!tags.is_empty()).then_some(tags));
    let labelled: Map<String, Value> = secret
        .versions
        .iter()
        .filter(|(_, version)| !version.stages.is_empty())
        .map(|(id, version)| (id.clone(), json!(version.stages)))
        .collect();
    put(&mut members, stages, (!labelled.is_empty()).then_some(labelled));
    members.into()
}

/// Returns what is told of a version without its value.
pub(super) fn version(id: &str, version: &Version) -> Value {
    let mut members = Map::new();
    put(&mut members, "VersionId", Some(id));
    let stages = (!version.stages.is_empty()).then(|| json!(version.stages));
    put(&mut members, "VersionStages", stages);
    put(
        &mut members,
        "LastAccessedDate",
        version.last_accessed.map(seconds),
    );
    put(&mut members, "CreatedDate", Some(seconds(version.created)));
    members.into()
}

/// Returns a version with its value.
pub(super) fn opened(opened: &Opened) -> Value {
    let mut members = named(&opened.secret, Some(opened.version_id.clone()));
    match &opened.value {
        SecretValue::Text(text) => put(&mut members, "SecretString", Some(text.expose())),
        SecretValue::Binary(bytes) => {
            put(
                &mut members,
                "SecretBinary",
                Some(STANDARD.encode(bytes.expose())),
            );
        }
    }
    if let Some(version) = opened.secret.versions.get(&opened.version_id) {
        put(&mut members, "VersionStages", Some(json!(version.stages)));
        put(&mut members, "CreatedDate", Some(seconds(version.created)));
    }
    members.into()
}

/// Returns a deletion's date.
pub(super) fn date(time: Timestamp) -> Value {
    seconds(time).into()
}
