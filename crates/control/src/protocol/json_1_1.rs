//! AWS JSON 1.1: `POST /` with `X-Amz-Target: {prefix}.{Operation}`.
//!
//! <https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html>

use portcullis_model::HeaderList;
use serde_json::{Value, json};

use super::{WireAnswer, WireCall, parse_object};
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
        input: parse_object(body)?,
    })
}

/// Writes a result; nothing is `{}`.
pub fn serialise(output: &Value) -> WireAnswer {
    let body = if output.is_null() {
        "{}".to_owned()
    } else {
        output.to_string()
    };
    WireAnswer {
        status: 200,
        content_type: CONTENT_TYPE,
        body: body.into(),
        headers: HeaderList::new(),
    }
}

/// Writes an error: `{"__type","message"}` and the headers that browsers' SDKs read.
pub fn serialise_error(error: &AwsError) -> WireAnswer {
    let mut headers = HeaderList::new();
    headers.push("x-amzn-ErrorType", error.code);
    headers.push("x-amzn-ErrorMessage", one_line(&error.message));
    WireAnswer {
        status: error.status,
        content_type: CONTENT_TYPE,
        body: json!({ "__type": error.code, "message": error.message })
            .to_string()
            .into(),
        headers,
    }
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
