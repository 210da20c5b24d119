//! Values as JSON bodies: other names on the wire, timestamps, blobs, and nulls that count as absent.

use serde_json::{Map, Value};

use super::{
    scalar::{check_base64, not_a, parse_timestamp, render_timestamp},
    shape::{Location, Shape, Structure, TimestampFormat},
};
use crate::AwsError;

/// Reads a value from JSON.
pub(super) fn read(shape: &Shape, value: Value) -> Result<Value, AwsError> {
    let wrong = |expected: &str| Err(not_a("value", expected));
    match (shape.resolved(), value) {
        (Shape::Structure(structure), Value::Object(members)) => {
            read_structure(structure, members).map(Value::Object)
        }
        (Shape::List(list), Value::Array(items)) => items
            .into_iter()
            .map(|item| read(&list.member.shape, item))
            .collect(),
        (Shape::Map(map), Value::Object(entries)) => entries
            .into_iter()
            .filter(|(_, value)| !value.is_null())
            .map(|(key, value)| Ok((key, read(&map.value.shape, value)?)))
            .collect(),
        (Shape::Timestamp(format), value) => read_timestamp(*format, value),
        (Shape::Blob, Value::String(text)) => check_base64(&text).map(|()| Value::String(text)),
        (Shape::Any, value) => Ok(value),
        (Shape::Text | Shape::JsonText, value @ Value::String(_))
        | (Shape::Boolean, value @ Value::Bool(_)) => Ok(value),
        (Shape::Integer, Value::Number(number)) if number.is_i64() => Ok(Value::Number(number)),
        (Shape::Float, Value::Number(number)) => Ok(Value::Number(number)),
        (Shape::Float, Value::String(text)) if matches!(text.as_str(), "NaN" | "Infinity" | "-Infinity") => {
            Ok(Value::String(text))
        }
        (Shape::Structure(_), _) => wrong("structure"),
        (Shape::List(_), _) => wrong("list"),
        (Shape::Map(_), _) => wrong("map"),
        (Shape::Integer, _) => wrong("whole number"),
        (Shape::Float, _) => wrong("number"),
        (Shape::Boolean, _) => wrong("truth value"),
        (Shape::Text | Shape::JsonText | Shape::Blob, _) => wrong("text"),
        (Shape::Named(_), _) => wrong("known shape"),
    }
}

/// Reads the members that are in the body. Those that no shape describes are dropped, unless the structure is open.
pub(super) fn read_structure(
    structure: &Structure,
    members: Map<String, Value>,
) -> Result<Map<String, Value>, AwsError> {
    let mut read_members = Map::new();
    for (name, value) in members.into_iter().filter(|(_, value)| !value.is_null()) {
        let described = structure.members.iter().find(|member| member.wire_name() == name);
        match described {
            Some(member) if member.location == Location::Body => {
                read_members.insert(member.name.clone(), read(&member.shape, value)?);
            }
            Some(_) => return Err(not_a(&name, "member of the body: it is given elsewhere")),
            None if structure.open => {
                read_members.insert(name, value);
            }
            None => {}
        }
    }
    Ok(read_members)
}

fn read_timestamp(format: Option<TimestampFormat>, value: Value) -> Result<Value, AwsError> {
    match (format.unwrap_or(TimestampFormat::UnixSeconds), value) {
        (TimestampFormat::UnixSeconds, value @ Value::Number(_)) => Ok(value),
        (format, Value::String(text)) => {
            parse_timestamp(&text, format).ok_or_else(|| not_a(&text, "timestamp"))
        }
        _ => Err(not_a("value", "timestamp")),
    }
}

/// Writes a value as JSON.
pub(super) fn write(shape: &Shape, value: &Value) -> Value {
    match (shape.resolved(), value) {
        (Shape::Structure(structure), Value::Object(members)) => {
            Value::Object(write_structure(structure, members))
        }
        (Shape::List(list), Value::Array(items)) => {
            items.iter().map(|item| write(&list.member.shape, item)).collect()
        }
        (Shape::Map(map), Value::Object(entries)) => entries
            .iter()
            .map(|(key, value)| (key.clone(), write(&map.value.shape, value)))
            .collect(),
        (Shape::Timestamp(Some(format)), Value::Number(seconds))
            if *format != TimestampFormat::UnixSeconds =>
        {
            render_timestamp(seconds, *format).into()
        }
        (_, value) => value.clone(),
    }
}

/// Writes the members that are in the body.
pub(super) fn write_structure(structure: &Structure, members: &Map<String, Value>) -> Map<String, Value> {
    let mut written = Map::new();
    for (name, value) in members.iter().filter(|(_, value)| !value.is_null()) {
        match structure.members.iter().find(|member| &member.name == name) {
            Some(member) if member.location == Location::Body => {
                written.insert(member.wire_name().to_owned(), write(&member.shape, value));
            }
            None if structure.open => {
                written.insert(name.clone(), value.clone());
            }
            _ => {}
        }
    }
    written
}
