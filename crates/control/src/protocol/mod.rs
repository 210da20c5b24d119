//! AWS's wire formats, one file each: how an operation and its input are read, and how an answer is written.
//!
//! <https://smithy.io/2.0/aws/protocols/index.html>

pub mod json_1_1;
pub mod query_xml;
pub mod rest_json;
pub mod rest_xml;
pub mod shape;
pub(crate) mod bindings;
mod json;
mod rest_headers;
mod scalar;
mod xml;
mod xml_read;
#[cfg(test)]
mod vectors;

#[cfg(test)]
pub(crate) use xml_read::parse as read_xml;

use std::borrow::Cow;

use bytes::Bytes;
use portcullis_model::HeaderList;
use serde_json::{Map, Value};

use crate::{AwsError, operation::Operation};

/// A call as a protocol reads it.
#[derive(Debug)]
pub struct WireCall {
    /// The operation's name as the request gives it; for the trail and for errors.
    pub name: String,
    pub operation: Option<&'static Operation>,
    pub input: Map<String, Value>,
}

impl std::fmt::Debug for Operation {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(self.name)
    }
}

/// An answer as a protocol writes it.
#[derive(Clone, Debug)]
pub struct WireAnswer {
    pub status: u16,
    pub content_type: Cow<'static, str>,
    pub body: Bytes,
    /// Beside the content type.
    pub headers: HeaderList,
}

/// Reads a JSON object; an empty body is an empty object.
pub(crate) fn parse_object(body: &[u8]) -> Result<Map<String, Value>, AwsError> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Ok(Map::new());
    }
    match serde_json::from_slice::<Value>(body) {
        Ok(Value::Object(mut object)) => {
            // A member that is null counts as absent, in every protocol of AWS that has null.
            object.retain(|_, value| !value.is_null());
            Ok(object)
        }
        Ok(_) => Err(AwsError::new(
            "SerializationException",
            400,
            "the body must be a JSON object",
        )),
        Err(cause) => Err(AwsError::new(
            "SerializationException",
            400,
            format!("the body is not JSON: {cause}"),
        )),
    }
}
