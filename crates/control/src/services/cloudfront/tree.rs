//! A configuration as it comes: XML (`Quantity` and `Items`, all text) or a template's properties (plain lists, typed). Read
//! by name; what nobody reads is refused by its place.

use serde_json::{Map, Value};

use super::errors::{inconsistent, invalid};
use crate::operation::AwsError;

/// A structure, and where it stands.
pub(super) struct Tree<'a> {
    members: &'a Map<String, Value>,
    path: String,
}

impl<'a> Tree<'a> {
    /// Reads `value` as a structure. An empty element is one without members.
    pub(super) fn of(value: &'a Value, path: impl Into<String>) -> Result<Self, AwsError> {
        static EMPTY: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
        let path = path.into();
        match value {
            Value::Object(members) => Ok(Self { members, path }),
            Value::String(text) if text.trim().is_empty() => Ok(Self {
                members: &EMPTY,
                path,
            }),
            _ => Err(invalid(format!("`{path}` is not a structure"))),
        }
    }

    /// Refuses members that are neither `known` nor, being empty, harmless; `refused` has the reasons of some.
    pub(super) fn only(&self, known: &[&str], refused: &[(&str, &str)]) -> Result<(), AwsError> {
        let foreign = self
            .members
            .iter()
            .find(|(name, value)| !known.contains(&name.as_str()) && !is_neutral(value));
        let Some((name, _)) = foreign else {
            return Ok(());
        };
        let reason = refused.iter().find(|(refused, _)| refused == name);
        let reason = reason.map_or("this server would not act on it", |(_, reason)| reason);
        Err(invalid(format!(
            "`{}` is not supported: {reason}",
            self.place(name)
        )))
    }

    pub(super) fn place(&self, name: &str) -> String {
        if self.path.is_empty() {
            name.to_owned()
        } else {
            format!("{}.{name}", self.path)
        }
    }

    fn value(&self, name: &str) -> Option<&'a Value> {
        self.members.get(name).filter(|value| !value.is_null())
    }

    /// Returns a text, as it is; none when it is absent.
    pub(super) fn text(&self, name: &str) -> Result<Option<String>, AwsError> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(Value::Number(number)) => Ok(Some(number.to_string())),
            Some(_) => Err(invalid(format!("`{}` is not a text", self.place(name)))),
        }
    }

    /// Returns a text that must be there and not be empty.
    pub(super) fn required(&self, name: &str) -> Result<String, AwsError> {
        let text = self.text(name)?.filter(|text| !text.trim().is_empty());
        text.ok_or_else(|| invalid(format!("`{}` is required", self.place(name))))
    }

    /// Returns a whole number within bounds; `otherwise` when it is absent.
    pub(super) fn number(&self, name: &str, otherwise: u64, min: u64, max: u64) -> Result<u64, AwsError> {
        Ok(self.number_if_any(name, min, max)?.unwrap_or(otherwise))
    }

    /// Returns a whole number within bounds; none when it is absent.
    pub(super) fn number_if_any(&self, name: &str, min: u64, max: u64) -> Result<Option<u64>, AwsError> {
        let number = match self.value(name) {
            None => return Ok(None),
            Some(Value::String(text)) if text.trim().is_empty() => return Ok(None),
            Some(Value::String(text)) => text.trim().parse().ok(),
            // Templates may write whole numbers with a fraction of nothing.
            Some(Value::Number(number)) => number.as_u64().or_else(|| whole(number.as_f64()?)),
            Some(_) => None,
        };
        match number {
            Some(number) if (min..=max).contains(&number) => Ok(Some(number)),
            _ => {
                let place = self.place(name);
                Err(invalid(format!(
                    "`{place}` must be a whole number from {min} to {max}"
                )))
            }
        }
    }

    /// Returns a truth value; none when it is absent.
    pub(super) fn boolean(&self, name: &str) -> Result<Option<bool>, AwsError> {
        match self.value(name) {
            None => Ok(None),
            Some(Value::Bool(truth)) => Ok(Some(*truth)),
            Some(Value::String(text)) if text.trim() == "true" => Ok(Some(true)),
            Some(Value::String(text)) if text.trim() == "false" => Ok(Some(false)),
            Some(_) => Err(invalid(format!(
                "`{}` is not `true` or `false`",
                self.place(name)
            ))),
        }
    }

    /// Returns a structure; none when it is absent.
    pub(super) fn structure(&self, name: &str) -> Result<Option<Tree<'a>>, AwsError> {
        self.value(name)
            .map(|value| Tree::of(value, self.place(name)))
            .transpose()
    }

    /// Returns the items of a list, `Quantity` and `Items` or plain; none is empty.
    pub(super) fn items(&self, name: &str) -> Result<Vec<&'a Value>, AwsError> {
        let place = self.place(name);
        match self.value(name) {
            None => Ok(Vec::new()),
            Some(Value::Array(items)) => Ok(items.iter().collect()),
            Some(counted) => {
                let counted = Tree::of(counted, place.clone())?;
                let items = match counted.value("Items") {
                    None | Some(Value::String(_)) => Vec::new(),
                    Some(Value::Object(named)) if named.len() == 1 => {
                        named.values().flat_map(one_or_many).collect()
                    }
                    Some(_) => return Err(invalid(format!("`{place}.Items` is not a list"))),
                };
                let quantity = counted.number("Quantity", 0, 0, u64::MAX)?;
                if quantity == items.len() as u64 {
                    Ok(items)
                } else {
                    Err(inconsistent(&place))
                }
            }
        }
    }

    /// Returns the tags of `Tags`, whose `Items` have no `Quantity`.
    pub(super) fn tags(&self) -> Result<Vec<Tree<'a>>, AwsError> {
        let place = self.place("Items");
        let items = match self.value("Items") {
            Some(Value::Object(named)) if named.len() == 1 => {
                named.values().flat_map(one_or_many).collect::<Vec<_>>()
            }
            Some(Value::String(_)) | None => Vec::new(),
            Some(_) => return Err(invalid(format!("`{place}` is not a list"))),
        };
        items
            .into_iter()
            .map(|item| Tree::of(item, place.clone()))
            .collect()
    }

    /// Returns the items of a list of structures.
    pub(super) fn structures(&self, name: &str) -> Result<Vec<Tree<'a>>, AwsError> {
        let items = self.items(name)?.into_iter().enumerate();
        items
            .map(|(index, item)| Tree::of(item, format!("{}[{index}]", self.place(name))))
            .collect()
    }

    /// Returns the items of a list of texts.
    pub(super) fn texts(&self, name: &str) -> Result<Vec<String>, AwsError> {
        let text = |item: &Value| item.as_str().map(str::to_owned);
        let texts: Option<Vec<String>> = self.items(name)?.into_iter().map(text).collect();
        texts.ok_or_else(|| invalid(format!("`{}` is not a list of texts", self.place(name))))
    }
}

fn one_or_many(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        one => std::slice::from_ref(one),
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "only whole numbers that fit exactly are turned"
)]
fn whole(number: f64) -> Option<u64> {
    (number.fract() == 0.0 && (0.0..9e15).contains(&number)).then_some(number as u64)
}

/// Tells whether a setting is that of one who has not set it: clients send whole structures back.
fn is_neutral(value: &Value) -> bool {
    match value {
        Value::Null | Value::Bool(false) => true,
        Value::Bool(true) => false,
        Value::Number(number) => number.as_f64() == Some(0.0),
        Value::String(text) => matches!(text.trim(), "" | "false" | "0" | "none"),
        Value::Array(items) => items.iter().all(is_neutral),
        Value::Object(members) => members.values().all(is_neutral),
    }
}
