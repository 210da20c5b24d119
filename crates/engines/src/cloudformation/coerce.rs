//! Evaluated values, brought into the shapes that a resource wants: `"true"` becomes true, 200 becomes `"200"`.
//! CloudFormation does the same between texts, numbers and booleans, and never makes a list from a single value.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use portcullis_model::Problem;
use regex::Regex;
use serde_json::{Map, Value};

use super::parameters::{abbreviate, compile_pattern, parse_number};
use super::schema::{PropertySchema, ResourceSchema, Shape, Support};
use crate::names::did_you_mean;

/// Brings evaluated properties into shape, or says everything that is wrong with them.
///
/// This is the last wall before a resource is made: unknown, refused and missing properties are errors here too.
pub fn coerce(schema: &ResourceSchema, properties: Value) -> Result<Value, Vec<Problem>> {
    let mut problems = Vec::new();
    let shape = Shape::Object(schema.properties);
    let value = coerce_shape(&shape, properties, "Properties", &mut problems);
    if problems.is_empty() {
        Ok(value)
    } else {
        Err(problems)
    }
}

pub(super) fn coerce_shape(shape: &Shape, value: Value, path: &str, problems: &mut Vec<Problem>) -> Value {
    match (shape, value) {
        (Shape::List(item), Value::Array(items)) => items
            .into_iter()
            .enumerate()
            .map(|(index, value)| coerce_shape(item, value, &format!("{path}/{index}"), problems))
            .collect::<Vec<_>>()
            .into(),
        (Shape::MapOf(item), Value::Object(entries)) => entries
            .into_iter()
            .map(|(key, value)| {
                let value = coerce_shape(item, value, &format!("{path}/{key}"), problems);
                (key, value)
            })
            .collect::<Map<_, _>>()
            .into(),
        (Shape::Object(properties), Value::Object(entries)) => {
            coerce_object(properties, entries, path, problems).into()
        }
        (Shape::Tags, value) => coerce_tags(value, path, problems),
        (shape, value) => match coerce_scalar(shape, &value) {
            Ok(value) => value,
            Err(reason) => {
                problems.push(Problem::error(None, path, reason));
                value
            }
        },
    }
}

fn coerce_object(
    properties: &[PropertySchema],
    entries: Map<String, Value>,
    path: &str,
    problems: &mut Vec<Problem>,
) -> Map<String, Value> {
    let mut coerced = Map::new();
    for (name, value) in entries {
        let inner = format!("{path}/{name}");
        match properties.iter().find(|property| property.name == name) {
            None => problems.push(Problem::error(None, inner, unknown_property(properties, &name))),
            Some(property) => {
                if let Support::Refused(reason) = property.support {
                    problems.push(Problem::error(None, inner, refused_property(reason)));
                    continue;
                }
                let value = coerce_shape(&property.shape, value, &inner, problems);
                coerced.insert(name, value);
            }
        }
    }
    for property in properties.iter().filter(|property| property.required) {
        if !coerced.contains_key(property.name) {
            problems.push(Problem::error(None, path, missing_property(property.name)));
        }
    }
    coerced
}

/// One tag in its list form.
pub(super) const TAG: &[PropertySchema] = &[
    PropertySchema::required(
        "Key",
        Shape::TextLength {
            minimum: 1,
            maximum: 128,
        },
    ),
    PropertySchema::required(
        "Value",
        Shape::TextLength {
            minimum: 0,
            maximum: 256,
        },
    ),
];

fn coerce_tags(value: Value, path: &str, problems: &mut Vec<Problem>) -> Value {
    let list = match value {
        Value::Object(entries) => entries
            .into_iter()
            .map(|(key, value)| {
                let tag = [("Key".to_owned(), Value::from(key)), ("Value".to_owned(), value)];
                Value::Object(Map::from_iter(tag))
            })
            .collect::<Vec<_>>()
            .into(),
        other => other,
    };
    coerce_shape(&Shape::List(&Shape::Object(TAG)), list, path, problems)
}

/// Coerces one value that is not descended into; the error completes "`path`: …".
pub(super) fn coerce_scalar(shape: &Shape, value: &Value) -> Result<Value, String> {
    match shape {
        Shape::Text => Ok(text_of(value)?.into()),
        Shape::TextLength { minimum, maximum } => {
            let text = text_of(value)?;
            let length = text.chars().count();
            if length < *minimum || length > *maximum {
                return Err(format!(
                    "must have {minimum} to {maximum} characters, not {length}"
                ));
            }
            Ok(text.into())
        }
        Shape::OneOf(allowed) => {
            let text = text_of(value)?;
            if allowed.contains(&text.as_str()) {
                return Ok(text.into());
            }
            let allowed = allowed.join("`, `");
            Err(format!("`{}` is none of `{allowed}`", abbreviate(&text)))
        }
        Shape::Pattern { expression, says } => {
            let text = text_of(value)?;
            if matches_pattern(expression, &text) {
                return Ok(text.into());
            }
            Err(format!("must be {says}, not `{}`", abbreviate(&text)))
        }
        Shape::Integer { minimum, maximum } => {
            let number = integer_of(value)?;
            if number < *minimum || number > *maximum {
                return Err(format!("must be between {minimum} and {maximum}, not {number}"));
            }
            Ok(number.into())
        }
        Shape::Number => number_of(value),
        Shape::Boolean => Ok(boolean_of(value)?.into()),
        Shape::Json => json_of(value),
        Shape::List(_) | Shape::Tags => Err(wanted("a list", value)),
        Shape::MapOf(_) | Shape::Object(_) => Err(wanted("an object", value)),
    }
}

/// Tells whether a text fits a schema's expression; each is compiled once. One that does not compile fits nothing.
fn matches_pattern(expression: &'static str, text: &str) -> bool {
    type Compiled = Mutex<HashMap<&'static str, Option<Regex>>>;
    static COMPILED: LazyLock<Compiled> = LazyLock::new(Compiled::default);
    let mut compiled = COMPILED.lock().unwrap_or_else(PoisonError::into_inner);
    let expression = compiled
        .entry(expression)
        .or_insert_with(|| compile_pattern(expression).ok());
    expression
        .as_ref()
        .is_some_and(|expression| expression.is_match(text))
}

/// Renders a scalar as the text that CloudFormation makes of it.
pub(super) fn text_of(value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(boolean) => Ok(boolean.to_string()),
        other => Err(wanted("a text", other)),
    }
}

fn integer_of(value: &Value) -> Result<i64, String> {
    let number = match value {
        Value::Number(number) => number.as_i64().or_else(|| whole(number.as_f64()?)),
        Value::String(text) => {
            let text = text.trim();
            text.parse::<i64>().ok().or_else(|| whole(parse_number(text)?))
        }
        _ => None,
    };
    number.ok_or_else(|| wanted("a whole number", value))
}

/// Returns the whole number that a float is, within what a float holds exactly.
fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && number.abs() <= EXACT).then_some(number as i64)
}

fn number_of(value: &Value) -> Result<Value, String> {
    match value {
        Value::Number(_) => Ok(value.clone()),
        Value::String(text) => {
            let text = text.trim();
            if let Ok(number) = text.parse::<i64>() {
                return Ok(number.into());
            }
            let number = parse_number(text).and_then(serde_json::Number::from_f64);
            number.map(Value::Number).ok_or_else(|| wanted("a number", value))
        }
        other => Err(wanted("a number", other)),
    }
}

/// Reads a boolean. AWS parses YAML 1.1, so `Enabled: yes` works there; here `yes`, `no`, `on` and `off` stay
/// texts while reading and become booleans only where one is wanted.
fn boolean_of(value: &Value) -> Result<bool, String> {
    match value {
        Value::Bool(boolean) => Ok(*boolean),
        Value::String(text) => match text.to_ascii_lowercase().as_str() {
            "true" | "yes" | "on" => Ok(true),
            "false" | "no" | "off" => Ok(false),
            _ => Err(wanted("a boolean", value)),
        },
        other => Err(wanted("a boolean", other)),
    }
}

fn json_of(value: &Value) -> Result<Value, String> {
    match value {
        Value::Object(_) => Ok(value.clone()),
        Value::String(text) => match serde_json::from_str::<serde::de::IgnoredAny>(text) {
            Ok(_) => Ok(value.clone()),
            Err(cause) => Err(format!("must be an object or a text that holds JSON: {cause}")),
        },
        other => Err(wanted("an object or a text that holds JSON", other)),
    }
}

fn wanted(what: &str, value: &Value) -> String {
    match value {
        Value::Null => format!("must be {what}, not null"),
        Value::Bool(boolean) => format!("must be {what}, not `{boolean}`"),
        Value::Number(number) => format!("must be {what}, not `{number}`"),
        Value::String(text) => format!("must be {what}, not `{}`", abbreviate(text)),
        Value::Array(_) => format!("must be {what}, not a list"),
        Value::Object(_) => format!("must be {what}, not an object"),
    }
}

pub(super) fn unknown_property(properties: &[PropertySchema], name: &str) -> String {
    let known = properties.iter().map(|property| property.name);
    format!("unknown property{}", did_you_mean(name, known))
}

pub(super) fn refused_property(reason: &str) -> String {
    format!("is not supported: {reason}")
}

pub(super) fn missing_property(name: &str) -> String {
    format!("the required property `{name}` is missing")
}
