//! What is wrong with a value, said as API Gateway says it: in the manner of the Java library `json-schema-validator`,
//! whose messages reach callers through `$context.error.validationErrorString`. What AWS words in a way that nobody has
//! recorded keeps the words of the crate.

use jsonschema::{JsonType, ValidationError, error::TypeKind, error::ValidationErrorKind as Kind};
use serde_json::Value;

use super::{ERRORS_MAX, Mismatch};

/// How much of a value a message shows, in characters.
const SHOWN_MAX: usize = 200;

/// Says what is wrong, missing properties of one object in one message.
pub(super) fn mismatches<'v>(errors: impl Iterator<Item = ValidationError<'v>>) -> Vec<Mismatch> {
    let mut found: Vec<(Mismatch, Vec<String>)> = Vec::new();
    let mut left_out = 0_usize;
    for error in errors {
        let missing = match error.kind() {
            Kind::Required { property } => property.as_str().map(str::to_owned),
            _ => None,
        };
        let pointer = error.instance_path().as_str().to_owned();
        let keyword = error.kind().keyword().to_owned();
        if let Some(name) = &missing
            && let Some((_, names)) = found
                .iter_mut()
                .find(|(known, names)| !names.is_empty() && known.pointer == pointer)
        {
            if !names.contains(name) {
                names.push(name.clone());
            }
            continue;
        }
        if found.len() >= ERRORS_MAX {
            left_out += 1;
            continue;
        }
        let mismatch = Mismatch {
            message: message(&error),
            pointer,
            keyword,
        };
        found.push((mismatch, missing.into_iter().collect()));
    }
    let mut found: Vec<Mismatch> = found.into_iter().map(with_names).collect();
    if left_out > 0
        && let Some(last) = found.last_mut()
    {
        last.message.push_str(&format!(" (and {left_out} more)"));
    }
    found
}

fn with_names((mut mismatch, mut names): (Mismatch, Vec<String>)) -> Mismatch {
    if !names.is_empty() {
        names.sort();
        mismatch.message = missing(&names);
    }
    mismatch
}

fn missing(names: &[String]) -> String {
    format!(
        "object has missing required properties ({})",
        shown(&Value::from(names))
    )
}

/// Returns what is wrong with an alternative that is nearly met: what the schema of schemas says of a wrong keyword is a
/// failed `anyOf`, which helps nobody.
pub(super) fn alternative(error: &ValidationError<'_>) -> Option<String> {
    match error.kind() {
        Kind::AnyOf { context } => Some(message(context.first()?.first()?)),
        _ => None,
    }
}

/// Says what is wrong.
pub(super) fn message(error: &ValidationError<'_>) -> String {
    let value = error.instance().as_ref();
    match error.kind() {
        Kind::Required { property } => missing(&[property.as_str().unwrap_or_default().to_owned()]),
        Kind::Type { kind } => format!(
            "instance type ({}) does not match any allowed primitive type (allowed: {})",
            type_of(value),
            shown(&allowed(kind))
        ),
        Kind::Enum { options } => format!(
            "instance value ({}) not found in enum (possible values: {})",
            shown(value),
            shown(options)
        ),
        Kind::Pattern { pattern } => format!(
            "ECMA 262 regex \"{}\" does not match input string {}",
            cut(pattern),
            shown(value)
        ),
        Kind::AdditionalProperties { unexpected } => {
            let mut names = unexpected.clone();
            names.sort();
            format!(
                "object instance has properties which are not allowed by the schema: {}",
                shown(&Value::from(names))
            )
        }
        Kind::AnyOf { context } => format!(
            "instance failed to match at least one required schema among {}",
            context.len()
        ),
        Kind::OneOfNotValid { context } => format!(
            "instance failed to match exactly one schema (matched 0 out of {})",
            context.len()
        ),
        Kind::Not { .. } => "instance matched a schema which it should not have".into(),
        Kind::UniqueItems => "array must not contain duplicate elements".into(),
        kind => bound(kind, value).unwrap_or_else(|| cut(&error.to_string())),
    }
}

/// Says which bound is not kept; none for anything else.
fn bound(kind: &Kind, value: &Value) -> Option<String> {
    let length = || value.as_str().map_or(0, |text| text.chars().count());
    let items = || value.as_array().map_or(0, Vec::len);
    let members = || value.as_object().map_or(0, serde_json::Map::len);
    Some(match kind {
        Kind::Minimum { limit } => {
            format!("numeric instance is lower than the required minimum (minimum: {limit}, found: {value})")
        }
        Kind::Maximum { limit } => format!(
            "numeric instance is greater than the required maximum (maximum: {limit}, found: {value})"
        ),
        Kind::ExclusiveMinimum { limit } => {
            format!("numeric instance is not strictly greater than the required minimum {limit}")
        }
        Kind::ExclusiveMaximum { limit } => {
            format!("numeric instance is not strictly lower than the required maximum {limit}")
        }
        Kind::MinLength { limit } => format!(
            "string {} is too short (length: {}, required minimum: {limit})",
            shown(value),
            length()
        ),
        Kind::MaxLength { limit } => format!(
            "string {} is too long (length: {}, maximum allowed: {limit})",
            shown(value),
            length()
        ),
        Kind::MinItems { limit } => format!(
            "array is too short: must have at least {limit} elements but instance has {} elements",
            items()
        ),
        Kind::MaxItems { limit } => format!(
            "array is too long: must have at most {limit} elements but instance has {} elements",
            items()
        ),
        Kind::MinProperties { limit } => format!(
            "object has too few properties (found {} but schema requires at least {limit})",
            members()
        ),
        Kind::MaxProperties { limit } => format!(
            "object has too many properties (found {} but schema requires at most {limit})",
            members()
        ),
        _ => return None,
    })
}

/// Returns the names of the types, sorted; whoever takes numbers takes integers.
fn allowed(kind: &TypeKind) -> Value {
    let mut names: Vec<&str> = match kind {
        TypeKind::Single(one) => vec![one.as_str()],
        TypeKind::Multiple(several) => several.iter().map(JsonType::as_str).collect(),
    };
    if names.contains(&"number") && !names.contains(&"integer") {
        names.push("integer");
    }
    names.sort_unstable();
    names.into()
}

fn type_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn shown(value: &Value) -> String {
    cut(&value.to_string())
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(SHOWN_MAX) {
        Some((at, _)) => format!("{}…", text.get(..at).unwrap_or_default()),
        None => text.to_owned(),
    }
}
