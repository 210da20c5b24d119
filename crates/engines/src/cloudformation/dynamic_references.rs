//! Dynamic references (`{{resolve:service:reference}}`) in evaluated values:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html>. Found, read and replaced;
//! what they give, the caller knows.

use serde_json::Value;

/// Returns the path and text of every dynamic reference in `value`; whoever cannot resolve them must refuse them.
pub fn find_dynamic_references(value: &Value) -> Vec<(String, String)> {
    let mut found = Vec::new();
    walk(value, "", &mut found);
    found
}

fn walk(value: &Value, path: &str, found: &mut Vec<(String, String)>) {
    match value {
        Value::String(text) => {
            replace_dynamic_references(text, |reference| {
                found.push((path.to_owned(), reference.to_owned()));
                String::new()
            });
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, &join(path, &index.to_string()), found);
            }
        }
        Value::Object(entries) => {
            for (key, entry) in entries {
                walk(entry, &join(path, key), found);
            }
        }
        _ => {}
    }
}

fn join(path: &str, step: &str) -> String {
    if path.is_empty() {
        step.to_owned()
    } else {
        format!("{path}/{step}")
    }
}

/// Replaces every dynamic reference in `text` by what `give` returns for it. What that returns is not looked at again.
pub fn replace_dynamic_references(text: &str, mut give: impl FnMut(&str) -> String) -> String {
    let mut replaced = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{resolve:") {
        let Some((inner, next)) = after.split_once("}}") else {
            break;
        };
        replaced.push_str(before);
        replaced.push_str(&give(&format!("{{{{resolve:{inner}}}}}")));
        rest = next;
    }
    replaced.push_str(rest);
    replaced
}

/// What a reference to a secret asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecretReference {
    /// A name or an ARN.
    pub secret_id: String,
    /// None: the whole text.
    pub json_key: Option<String>,
    pub version_stage: Option<String>,
    pub version_id: Option<String>,
}

/// Reads `{{resolve:secretsmanager:secret-id:SecretString:json-key:version-stage:version-id}}`.
pub fn parse_dynamic_reference(reference: &str) -> Result<SecretReference, String> {
    let refused = |why: &str| Err(format!("`{reference}` {why}"));
    let inner = reference
        .strip_prefix("{{resolve:")
        .and_then(|inner| inner.strip_suffix("}}"));
    let Some((service, rest)) = inner.and_then(|inner| inner.split_once(':')) else {
        return refused("is no dynamic reference: write `{{resolve:secretsmanager:secret-id}}`");
    };
    match service {
        "secretsmanager" => {}
        "ssm" | "ssm-secure" => return refused("is not supported: there is no parameter store here"),
        _ => return refused("names a service that dynamic references do not know"),
    }
    // An ARN has six colons of its own.
    let own = if rest.starts_with("arn:") { 7 } else { 1 };
    let segments: Vec<&str> = rest.split(':').collect();
    let (id, options) = segments.split_at_checked(own).unwrap_or((&segments, &[]));
    let option = |index: usize| {
        let text = options.get(index).copied().filter(|text| !text.is_empty());
        text.map(str::to_owned)
    };
    let secret_id = id.join(":");
    if secret_id.is_empty() || id.len() < own {
        return refused("names no secret");
    }
    if options.len() > 4 {
        return refused("has too many parts after the secret");
    }
    if option(0).is_some_and(|kind| kind != "SecretString") {
        return refused("asks for something else than `SecretString`, which is all that can be had");
    }
    let (version_stage, version_id) = (option(2), option(3));
    if version_stage.is_some() && version_id.is_some() {
        return refused("names a version stage and a version id: name one");
    }
    Ok(SecretReference {
        secret_id,
        json_key: option(1),
        version_stage,
        version_id,
    })
}
