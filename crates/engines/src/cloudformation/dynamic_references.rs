//! Dynamic references (`{{resolve:service:reference}}`) in evaluated values:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/dynamic-references.html>. Found, not resolved.

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
            let mut rest = text.as_str();
            while let Some((_, after)) = rest.split_once("{{resolve:") {
                let Some((inner, next)) = after.split_once("}}") else {
                    return;
                };
                found.push((path.to_owned(), format!("{{{{resolve:{inner}}}}}")));
                rest = next;
            }
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
