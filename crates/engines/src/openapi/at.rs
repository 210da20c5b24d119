//! A value of a document with the JSON pointer that leads to it (RFC 6901), so that every message can name it.

use serde_json::{Map, Value};

/// A value and its place.
#[derive(Clone, Debug)]
pub(super) struct At<'d> {
    pub value: &'d Value,
    /// `#/paths/~1pets/get`
    pub pointer: String,
}

impl<'d> At<'d> {
    /// Returns the root of a document.
    pub(super) fn root(value: &'d Value) -> Self {
        Self {
            value,
            pointer: "#".into(),
        }
    }

    /// Returns a member that is there and not null.
    pub(super) fn member(&self, name: &str) -> Option<Self> {
        let value = self.value.get(name).filter(|value| !value.is_null())?;
        Some(self.below(name, value))
    }

    /// Returns the member at the end of a way.
    pub(super) fn reach(&self, names: &[&str]) -> Option<Self> {
        names.iter().try_fold(self.clone(), |at, name| at.member(name))
    }

    /// Returns the members that are not null, in the order of the document.
    pub(super) fn members(&self) -> impl Iterator<Item = (&'d str, At<'d>)> + '_ {
        let members = self.value.as_object().into_iter().flatten();
        members
            .filter(|(_, value)| !value.is_null())
            .map(|(name, value)| (name.as_str(), self.below(name, value)))
    }

    /// Returns the items of a list.
    pub(super) fn items(&self) -> impl Iterator<Item = At<'d>> + '_ {
        let items = self.value.as_array().into_iter().flatten();
        items
            .enumerate()
            .map(|(index, value)| self.below(&index.to_string(), value))
    }

    /// Returns a scalar as text: YAML writes `200` and `1.0` without quotes.
    pub(super) fn text(&self) -> Option<String> {
        match self.value {
            Value::String(text) => Some(text.clone()),
            Value::Number(number) => Some(number.to_string()),
            Value::Bool(on) => Some(on.to_string()),
            _ => None,
        }
    }

    /// Returns the text of a member.
    pub(super) fn member_text(&self, name: &str) -> Option<String> {
        self.member(name)?.text()
    }

    /// Returns the object, when it is one.
    pub(super) fn object(&self) -> Option<&'d Map<String, Value>> {
        self.value.as_object()
    }

    /// Tells whether a member is `true`.
    pub(super) fn is_on(&self, name: &str) -> bool {
        self.member_text(name).is_some_and(|text| text == "true")
    }

    fn below(&self, name: &str, value: &'d Value) -> Self {
        Self {
            value,
            pointer: format!("{}/{}", self.pointer, escape(name)),
        }
    }
}

/// Writes a name as a part of a pointer.
fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Reads a part of a pointer.
pub(super) fn unescape(part: &str) -> String {
    part.replace("~1", "/").replace("~0", "~")
}
