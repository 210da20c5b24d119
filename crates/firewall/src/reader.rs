//! Reads the JSON of a rule property by property, and keeps every problem with its path.
//!
//! Nothing is skipped: a property that nobody asked for is a problem.

use std::cell::RefCell;

use portcullis_model::Problem;
use serde_json::{Map, Value};

/// Collects problems while several readers look at parts of one document.
#[derive(Default)]
pub(crate) struct Problems(RefCell<Vec<Problem>>);

impl Problems {
    pub(crate) fn error(&self, path: &str, message: impl Into<String>) {
        self.0.borrow_mut().push(Problem::error(None, path, message));
    }

    pub(crate) fn warning(&self, path: &str, message: impl Into<String>) {
        self.0.borrow_mut().push(Problem::warning(None, path, message));
    }

    pub(crate) fn into_inner(self) -> Vec<Problem> {
        self.0.into_inner()
    }
}

/// An object of the document and the way to it.
pub(crate) struct Fields<'a> {
    map: &'a Map<String, Value>,
    path: String,
    problems: &'a Problems,
}

impl<'a> Fields<'a> {
    /// Takes `value` as an object that has no other properties than `known`.
    pub(crate) fn of(
        value: &'a Value,
        path: impl Into<String>,
        known: &[&str],
        problems: &'a Problems,
    ) -> Option<Self> {
        let fields = Self::any(value, path, problems)?;
        for name in fields.map.keys().filter(|name| !known.contains(&name.as_str())) {
            let message = if known.is_empty() {
                format!("unknown property `{name}`: this takes none")
            } else {
                format!("unknown property `{name}`: use one of {}", known.join(", "))
            };
            problems.error(&fields.way(name), message);
        }
        Some(fields)
    }

    /// Takes `value` as an object of any properties.
    pub(crate) fn any(value: &'a Value, path: impl Into<String>, problems: &'a Problems) -> Option<Self> {
        let path = path.into();
        match value {
            Value::Object(map) => Some(Self { map, path, problems }),
            _ => {
                problems.error(&path, "must be an object");
                None
            }
        }
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn problems(&self) -> &'a Problems {
        self.problems
    }

    /// Returns the path of the property `name`.
    pub(crate) fn way(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}/{name}", self.path)
        }
    }

    pub(crate) fn refuse(&self, name: &str, message: impl Into<String>) {
        self.problems.error(&self.way(name), message);
    }

    /// Returns the property `name` when it is there and not null.
    pub(crate) fn optional(&self, name: &str) -> Option<&'a Value> {
        self.map.get(name).filter(|value| !value.is_null())
    }

    /// Returns the property `name`, and reports its absence.
    pub(crate) fn required(&self, name: &str) -> Option<&'a Value> {
        let value = self.optional(name);
        if value.is_none() {
            self.refuse(name, "is required");
        }
        value
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.optional(name).is_some()
    }

    /// Returns the only property of a union, and reports none or several.
    pub(crate) fn choice(&self) -> Option<(&'a str, &'a Value)> {
        let mut present = self.map.iter().filter(|(_, value)| !value.is_null());
        match (present.next(), present.next()) {
            (Some((name, value)), None) => Some((name, value)),
            (None, _) => {
                self.problems
                    .error(&self.path, "must have exactly one property, has none");
                None
            }
            (Some(_), Some(_)) => {
                self.problems
                    .error(&self.path, "must have exactly one property, has several");
                None
            }
        }
    }

    pub(crate) fn object(&self, name: &str, known: &[&str]) -> Option<Fields<'a>> {
        Fields::of(self.required(name)?, self.way(name), known, self.problems)
    }

    pub(crate) fn optional_object(&self, name: &str, known: &[&str]) -> Option<Fields<'a>> {
        Fields::of(self.optional(name)?, self.way(name), known, self.problems)
    }

    pub(crate) fn text(&self, name: &str) -> Option<&'a str> {
        self.required(name)?;
        self.optional_text(name)
    }

    pub(crate) fn optional_text(&self, name: &str) -> Option<&'a str> {
        let text = self.optional(name)?.as_str();
        if text.is_none() {
            self.refuse(name, "must be a text");
        }
        text
    }

    /// Returns a whole number; templates write numbers as texts too.
    pub(crate) fn integer(&self, name: &str, min: u64, max: u64) -> Option<u64> {
        let number = match self.required(name)? {
            Value::Number(number) => number.as_u64(),
            Value::String(text) => text.parse().ok(),
            _ => None,
        };
        let number = number.filter(|number| (min..=max).contains(number));
        if number.is_none() {
            self.refuse(name, format!("must be a whole number from {min} to {max}"));
        }
        number
    }

    /// Returns which of `choices` the property is.
    pub(crate) fn one_of(&self, name: &str, choices: &[&'static str]) -> Option<&'static str> {
        let text = self.text(name)?;
        let choice = choices.iter().copied().find(|choice| *choice == text);
        if choice.is_none() {
            self.refuse(
                name,
                format!("`{text}` is not supported: use one of {}", choices.join(", ")),
            );
        }
        choice
    }

    pub(crate) fn optional_one_of(&self, name: &str, choices: &[&'static str]) -> Option<&'static str> {
        self.optional(name)?;
        self.one_of(name, choices)
    }

    /// Returns the members of a list with their paths.
    pub(crate) fn list(&self, name: &str, min: usize, max: usize) -> Option<Vec<(String, &'a Value)>> {
        let Value::Array(items) = self.required(name)? else {
            self.refuse(name, "must be a list");
            return None;
        };
        if !(min..=max).contains(&items.len()) {
            self.refuse(
                name,
                format!("must have from {min} to {max} members, has {}", items.len()),
            );
            return None;
        }
        let way = self.way(name);
        Some(
            items
                .iter()
                .enumerate()
                .map(|(index, item)| (format!("{way}/{index}"), item))
                .collect(),
        )
    }

    /// Returns a list of texts.
    pub(crate) fn texts(&self, name: &str, min: usize, max: usize) -> Option<Vec<&'a str>> {
        let items = self.list(name, min, max)?;
        let mut texts = Vec::with_capacity(items.len());
        for (path, item) in items {
            match item.as_str() {
                Some(text) => texts.push(text),
                None => self.problems.error(&path, "must be a text"),
            }
        }
        Some(texts)
    }
}
