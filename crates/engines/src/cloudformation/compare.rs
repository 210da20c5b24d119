//! What an update does to a resource: nothing, a change in place, or a replacement, property by property.

use serde_json::{Map, Value};

use super::schema::{PropertySchema, ResourceSchema, Shape, Update};

/// The difference between what a resource was made from and what the new template wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    NoChange,
    /// These top-level properties change; the resource stays.
    InPlace {
        properties: Vec<String>,
    },
    /// The resource must be made anew because of these (`/` leads into objects).
    Replacement {
        because: Vec<String>,
    },
}

/// Compares two sets of evaluated, coerced properties.
pub fn compare(schema: &ResourceSchema, old: &Value, new: &Value) -> Difference {
    let nothing = Map::new();
    let old = old.as_object().unwrap_or(&nothing);
    let new = new.as_object().unwrap_or(&nothing);
    let mut because = Vec::new();
    replacements(schema.properties, "", old, new, &mut because);
    if !because.is_empty() {
        return Difference::Replacement { because };
    }
    let properties = changed_names(old, new);
    if properties.is_empty() {
        Difference::NoChange
    } else {
        Difference::InPlace { properties }
    }
}

fn replacements(
    properties: &[PropertySchema],
    prefix: &str,
    old: &Map<String, Value>,
    new: &Map<String, Value>,
    because: &mut Vec<String>,
) {
    for property in properties {
        let (before, after) = (old.get(property.name), new.get(property.name));
        if before == after {
            continue;
        }
        let path = format!("{prefix}{}", property.name);
        if property.update == Update::Replacement {
            because.push(path);
        } else if let Shape::Object(inner) = property.shape {
            let nothing = Map::new();
            let before = before.and_then(Value::as_object).unwrap_or(&nothing);
            let after = after.and_then(Value::as_object).unwrap_or(&nothing);
            replacements(inner, &format!("{path}/"), before, after, because);
        }
    }
}

fn changed_names(old: &Map<String, Value>, new: &Map<String, Value>) -> Vec<String> {
    let mut names: Vec<String> = new
        .iter()
        .filter(|(name, value)| old.get(*name) != Some(*value))
        .map(|(name, _)| name.clone())
        .collect();
    names.extend(old.keys().filter(|name| !new.contains_key(*name)).cloned());
    names
}
