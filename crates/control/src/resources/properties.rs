//! Evaluated, coerced properties, read by name.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::operation::AwsError;

/// The properties of a resource, or of an object inside one.
#[derive(Clone, Copy, Debug)]
pub struct Properties<'a>(&'a Value);

impl<'a> Properties<'a> {
    /// Reads `value`, which the schema has checked.
    pub fn of(value: &'a Value) -> Self {
        Self(value)
    }

    /// Returns a property as it is.
    pub fn value(self, name: &str) -> Option<&'a Value> {
        self.0.get(name)
    }

    /// Returns a text.
    pub fn text(self, name: &str) -> Option<&'a str> {
        self.value(name)?.as_str()
    }

    /// Returns a text, empty when there is none.
    pub fn text_or_empty(self, name: &str) -> &'a str {
        self.text(name).unwrap_or_default()
    }

    /// Returns an owned text.
    pub fn string(self, name: &str) -> Option<String> {
        self.text(name).map(str::to_owned)
    }

    /// Returns a list of texts; empty when there is none.
    pub fn texts(self, name: &str) -> Vec<String> {
        let items = self.value(name).and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// Returns a list of objects; empty when there is none.
    pub fn objects(self, name: &str) -> impl Iterator<Item = Properties<'a>> {
        let items = self.value(name).and_then(Value::as_array).into_iter().flatten();
        items.map(Properties)
    }

    /// Returns an object.
    pub fn object(self, name: &str) -> Option<Properties<'a>> {
        self.value(name).map(Properties)
    }

    /// Returns a boolean.
    pub fn boolean(self, name: &str) -> Option<bool> {
        self.value(name)?.as_bool()
    }

    /// Returns a whole number.
    pub fn number(self, name: &str) -> Option<u32> {
        self.value(name)?
            .as_u64()
            .and_then(|number| u32::try_from(number).ok())
    }

    /// Returns tags by key.
    pub fn tags(self, name: &str) -> BTreeMap<String, String> {
        self.objects(name)
            .map(|tag| {
                (
                    tag.text_or_empty("Key").to_owned(),
                    tag.text_or_empty("Value").to_owned(),
                )
            })
            .collect()
    }

    /// Returns a document as JSON text, whether it was given as text or as an object.
    pub fn json_text(self, name: &str) -> Option<String> {
        match self.value(name)? {
            Value::String(text) => Some(text.clone()),
            document => Some(document.to_string()),
        }
    }

    /// Reads properties into an operation's settings, each under the operation's name for it.
    pub fn settings<S: DeserializeOwned>(self, names: &[(&str, &str)]) -> Result<S, AwsError> {
        let mut fields = Map::new();
        for (property, field) in names {
            if let Some(value) = self.value(property) {
                fields.insert((*field).to_owned(), value.clone());
            }
        }
        serde_json::from_value(fields.into())
            .map_err(|cause| AwsError::new("ValidationError", 400, format!("properties do not fit: {cause}")))
    }
}
