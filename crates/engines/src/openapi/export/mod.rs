//! An API as a document: the way back from an image to OpenAPI.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-export-api.html>

mod http;
mod rest;
mod rest_method;
mod yaml;

pub use http::{HttpExport, export_http_api};
pub use rest::{RestExport, export_rest_api};
pub use yaml::render_yaml;

use serde_json::{Map, Value, json};

/// The name of the scheme of signed calls.
const SIGV4: &str = "sigv4";

/// Which extensions a document has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extensions {
    pub integrations: bool,
    pub authorizers: bool,
    pub validators: bool,
    /// Gateway responses, policy, binary types, and the rest of what the whole API is.
    pub settings: bool,
}

impl Extensions {
    /// Returns all of them.
    pub const ALL: Self = Self {
        integrations: true,
        authorizers: true,
        validators: true,
        settings: true,
    };

    /// Reads AWS's list: `integrations,authorizers`.
    pub fn parse(list: &str) -> Result<Self, String> {
        let mut extensions = Self::default();
        for word in list.split(',').map(str::trim).filter(|word| !word.is_empty()) {
            match word {
                "apigateway" => extensions = Self::ALL,
                "integrations" => extensions.integrations = true,
                "authorizers" => extensions.authorizers = true,
                "validators" => extensions.validators = true,
                "postman" => {
                    return Err("`postman` is not supported: there are no extensions for Postman".into());
                }
                "documentation" => {
                    return Err("`documentation` is not supported: documentation is not kept".into());
                }
                other => return Err(format!("`{other}` is no extension")),
            }
        }
        Ok(extensions)
    }
}

/// Returns the scheme of signed calls, which both kinds of API write alike.
fn signed_scheme() -> Value {
    json!({
        "type": "apiKey",
        "name": "Authorization",
        "in": "header",
        "x-amazon-apigateway-authtype": "awsSigv4",
    })
}

/// Adds a member, unless there is nothing to say.
pub(super) fn set(members: &mut Map<String, Value>, name: &str, value: impl Into<Value>) {
    let value = value.into();
    let says_nothing = match &value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    };
    if !says_nothing {
        members.insert(name.to_owned(), value);
    }
}

/// Returns what a record writes, as members.
pub(super) fn members_of<T: serde::Serialize>(record: &T) -> Map<String, Value> {
    match serde_json::to_value(record) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    }
}
