//! Dynamic references to secrets: resolved for the resource that uses them, kept as they are written.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references-secretsmanager.html>. A value
//! reaches the resource alone. Record, events and outputs hold the reference and which version it gave, so that an
//! update sees when a secret has changed, and a rollback goes back to what was there.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use portcullis_engines::cloudformation::{
    SecretReference, find_dynamic_references, parse_dynamic_reference, replace_dynamic_references,
};
use portcullis_model::{SecretText, resources::cloudformation::StackResource};
use portcullis_vault::secrets::{SecretValue, Secrets, SecretsError, Wanted};
use serde_json::Value;

use super::Stacks;
use crate::resources::Made;

/// Properties as they are kept and as they are used. Has no `Debug`.
#[derive(Clone)]
pub(super) struct Revealed {
    /// With references as written.
    pub kept: Value,
    /// With values in their place.
    pub used: Value,
    /// `{arn} {version id}` by reference.
    pub versions: BTreeMap<String, String>,
    secrets: Vec<SecretText>,
}

/// Characters of a value from which on finding it within something else is no accident.
const TELLING_CHARACTERS: usize = 16;
/// Characters of a value of which a message must not repeat any.
const WINDOW_CHARACTERS: usize = 6;

impl Stacks {
    fn secrets(&self) -> Secrets<'_> {
        Secrets {
            store: self.parts.store.as_ref(),
            vault: &self.parts.vault,
            clock: self.parts.clock.as_ref(),
            entropy: self.parts.entropy.as_ref(),
            scope: &self.scope,
        }
    }

    /// Resolves every reference in `properties`: to the version that `pinned` names, where that is still there.
    pub(super) async fn reveal(
        &self,
        properties: Value,
        pinned: &BTreeMap<String, String>,
    ) -> Result<Revealed, String> {
        let mut versions = BTreeMap::new();
        let mut values: BTreeMap<String, SecretText> = BTreeMap::new();
        for (path, reference) in find_dynamic_references(&properties) {
            if values.contains_key(&reference) {
                continue;
            }
            let parsed = parse_dynamic_reference(&reference);
            let resolved = match parsed {
                Ok(parsed) => self.resolve(&reference, &parsed, pinned.get(&reference)).await,
                Err(reason) => Err(reason),
            };
            let (value, version) = resolved.map_err(|reason| format!("Properties/{path}: {reason}"))?;
            values.insert(reference.clone(), value);
            versions.insert(reference, version);
        }
        let give = |reference: &str| {
            let value = values.get(reference);
            value.map_or_else(|| reference.to_owned(), |value| value.expose().to_owned())
        };
        Ok(Revealed {
            used: replaced(&properties, &give),
            kept: properties,
            versions,
            secrets: values.into_values().collect(),
        })
    }

    /// Returns a made resource with the values that it was made from; none where it has no references, or where a
    /// secret is gone and they must stay.
    pub(super) async fn reveal_made(
        &self,
        made: &StackResource,
    ) -> (Option<StackResource>, Option<Revealed>) {
        if made.dynamic_references.is_empty() {
            return (None, None);
        }
        let revealed = self
            .reveal(made.properties.clone(), &made.dynamic_references)
            .await;
        let Ok(revealed) = revealed else {
            return (None, None);
        };
        let made = StackResource {
            properties: revealed.used.clone(),
            ..made.clone()
        };
        (Some(made), Some(revealed))
    }

    async fn resolve(
        &self,
        reference: &str,
        parsed: &SecretReference,
        pinned: Option<&String>,
    ) -> Result<(SecretText, String), String> {
        let refused = |error: &SecretsError| format!("`{reference}`: {error}");
        let wanted = Wanted {
            version_id: parsed.version_id.as_deref(),
            stage: parsed.version_stage.as_deref(),
        };
        let mut opened = None;
        if let Some((arn, version_id)) = pinned.and_then(|pinned| pinned.split_once(' ')) {
            let version = Wanted {
                version_id: Some(version_id),
                stage: None,
            };
            opened = self.secrets().value(arn, version).await.ok();
        }
        let opened = match opened {
            Some(opened) => opened,
            None => {
                let found = self.secrets().value(&parsed.secret_id, wanted).await;
                found.map_err(|error| refused(&error))?
            }
        };
        let SecretValue::Text(text) = &opened.value else {
            return Err(format!("`{reference}`: the secret holds bytes, not text"));
        };
        let value = match &parsed.json_key {
            None => text.clone(),
            Some(key) => member(text, key).map_err(|reason| format!("`{reference}`: {reason}"))?,
        };
        Ok((value, format!("{} {}", opened.secret.arn, opened.version_id)))
    }
}

/// Returns the member `key` of the JSON in a secret.
fn member(text: &SecretText, key: &str) -> Result<SecretText, String> {
    let Ok(Value::Object(members)) = serde_json::from_str::<Value>(text.expose()) else {
        return Err(format!(
            "the secret is not a JSON object, so it has no key `{key}`: leave the key out to get the whole text"
        ));
    };
    match members.get(key) {
        Some(Value::String(value)) => Ok(SecretText::new(value.clone())),
        Some(value @ (Value::Number(_) | Value::Bool(_))) => Ok(SecretText::new(value.to_string())),
        Some(_) => Err(format!(
            "the key `{key}` of the secret holds no text, number or boolean"
        )),
        None => Err(format!("the secret has no key `{key}`")),
    }
}

/// Replaces the references in every text of `value`.
fn replaced(value: &Value, give: &dyn Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => replace_dynamic_references(text, give).into(),
        Value::Array(items) => items.iter().map(|item| replaced(item, give)).collect(),
        Value::Object(members) => {
            let members = members.iter();
            Value::Object(
                members
                    .map(|(key, value)| (key.clone(), replaced(value, give)))
                    .collect(),
            )
        }
        other => other.clone(),
    }
}

/// Returns properties with each reference marked by the version that it gave, for comparison only.
pub(super) fn marked(properties: &Value, versions: &BTreeMap<String, String>) -> Value {
    if versions.is_empty() {
        return properties.clone();
    }
    replaced(properties, &|reference| {
        let version = versions.get(reference).map_or("", String::as_str);
        format!("{reference}@{version}")
    })
}

impl Revealed {
    /// Takes the coerced form of what is used, and keeps the references where they stood.
    pub(super) fn coerced(self, used: Value) -> Result<Self, String> {
        let kept = masked(&self.kept, &used);
        let count = |value: &Value| find_dynamic_references(value).len();
        if count(&kept) != count(&self.kept) {
            return Err(
                "a dynamic reference stands where it cannot be kept: use it as a whole property".into(),
            );
        }
        Ok(Self { kept, used, ..self })
    }

    /// Tells whether a top-level property holds a reference.
    pub(super) fn holds_reference(&self, property: &str) -> bool {
        let value = self.kept.get(property);
        value.is_some_and(|value| !find_dynamic_references(value).is_empty())
    }

    /// Returns a reason that repeats nothing of a secret.
    pub(super) fn scrub(&self, reason: String) -> String {
        let lower = reason.to_lowercase();
        let repeats = |secret: &SecretText| {
            let characters: Vec<char> = secret.expose().to_lowercase().chars().collect();
            let length = characters.len().clamp(1, WINDOW_CHARACTERS);
            let mut windows = characters.windows(length);
            windows.any(|window| lower.contains(&window.iter().collect::<String>()))
        };
        if self.secrets.iter().any(repeats) {
            return "the resource could not be made of its properties; the reason is not shown because it repeats a part of a secret".into();
        }
        reason
    }

    /// Refuses a resource whose name or attributes are a secret: they are told to everybody.
    pub(super) fn refuse_told(&self, made: &Made) -> Result<(), String> {
        let attributes = made.attributes.values().filter_map(Value::as_str);
        for text in attributes.chain([made.physical_id.as_str()]) {
            let is_told = |secret: &SecretText| {
                let secret = secret.expose();
                let part = text.split(['/', ':', '|']).any(|part| part == secret);
                part || (secret.chars().count() >= TELLING_CHARACTERS && text.contains(secret))
            };
            if self.secrets.iter().any(is_told) {
                return Err("a dynamic reference would make a secret part of the resource's identifier or attributes, which are not secret".into());
            }
        }
        Ok(())
    }
}

/// Puts the references of `written` back into `coerced`, which has the same form but for tags.
fn masked(written: &Value, coerced: &Value) -> Value {
    match (written, coerced) {
        (Value::String(_), _) if !find_dynamic_references(written).is_empty() => written.clone(),
        (Value::Array(written), Value::Array(coerced)) => {
            let items = coerced.iter().enumerate();
            let masked = items.map(|(index, item)| match written.get(index) {
                Some(written) => masked(written, item),
                None => item.clone(),
            });
            masked.collect()
        }
        (Value::Object(written), Value::Object(coerced)) => {
            let members = coerced.iter().map(|(key, value)| {
                let value = written
                    .get(key)
                    .map_or_else(|| value.clone(), |written| masked(written, value));
                (key.clone(), value)
            });
            Value::Object(members.collect())
        }
        // Tags that were written as an object.
        (Value::Object(written), Value::Array(tags)) => {
            let masked = tags.iter().map(|tag| {
                let mut tag = tag.clone();
                let key = tag.get("Key").and_then(Value::as_str).map(str::to_owned);
                if let Some(was) = key.and_then(|key| written.get(&key))
                    && let Some(value) = tag.get_mut("Value")
                {
                    *value = masked(was, value);
                }
                tag
            });
            masked.collect()
        }
        (_, coerced) => coerced.clone(),
    }
}
