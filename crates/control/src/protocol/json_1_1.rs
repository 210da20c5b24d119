//! AWS JSON 1.1: `POST /` with `X-Amz-Target: {prefix}.{Operation}`.
//!
//! <https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html>

use portcullis_model::HeaderList;
use serde_json::{Map, Value, json};

use super::{WireAnswer, WireCall, json, parse_object, shape::Shape};
use crate::{AwsError, operation::Service};

pub const CONTENT_TYPE: &str = "application/x-amz-json-1.1";

/// Reads which operation `target` names, and the input.
pub fn parse(
    service: &'static Service,
    target_prefix: &str,
    target: &str,
    body: &[u8],
) -> Result<WireCall, AwsError> {
    let name = target
        .strip_prefix(target_prefix)
        .and_then(|rest| rest.strip_prefix('.'))
        .unwrap_or(target);
    Ok(WireCall {
        name: name.to_owned(),
        operation: service.operation(name),
        input: read(&Shape::Any, body)?,
    })
}

/// Reads an input.
pub fn read(shape: &Shape, body: &[u8]) -> Result<Map<String, Value>, AwsError> {
    let members = parse_object(body)?;
    match shape.structure() {
        Some(structure) => json::read_structure(structure, members),
        None => Ok(members),
    }
}

/// Writes a result; nothing is `{}`.
pub fn serialise(shape: &Shape, output: &Value) -> WireAnswer {
    let body = if output.is_null() {
        "{}".to_owned()
    } else {
        json::write(shape, output).to_string()
    };
    WireAnswer {
        status: 200,
        content_type: CONTENT_TYPE.into(),
        body: body.into(),
        headers: HeaderList::new(),
    }
}

/// Writes an error: `{"__type","message"}` and the headers that browsers' SDKs read.
pub fn serialise_error(error: &AwsError) -> WireAnswer {
    let members = json!({ "message": error.message });
    WireAnswer {
        status: error.status,
        headers: error_headers(error),
        ..serialise_error_members(error.code, &Shape::Any, &members)
    }
}

/// Writes an error that has members of its own.
pub fn serialise_error_members(code: &str, shape: &Shape, members: &Value) -> WireAnswer {
    let mut body = Map::new();
    body.insert("__type".into(), code.into());
    if let Value::Object(members) = json::write(shape, members) {
        body.extend(members);
    }
    WireAnswer {
        status: 400,
        content_type: CONTENT_TYPE.into(),
        body: Value::Object(body).to_string().into(),
        headers: HeaderList::new(),
    }
}

/// The headers from which SDKs in browsers learn of an error.
pub(super) fn error_headers(error: &AwsError) -> HeaderList {
    let mut headers = HeaderList::new();
    headers.push("x-amzn-ErrorType", error.code);
    headers.push("x-amzn-ErrorMessage", one_line(&error.message));
    headers
}

/// A header's value is one line of printable ASCII.
pub(crate) fn one_line(text: &str) -> String {
    text.chars()
        .map(|symbol| {
            if symbol == ' ' || symbol.is_ascii_graphic() {
                symbol
            } else {
                ' '
            }
        })
        .collect()
}
