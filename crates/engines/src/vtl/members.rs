//! What is in a value: members, elements, entries; and a value as text or as JSON.

use std::rc::Rc;

use serde_json::{Map, Value as Json};

use super::print::{Output, java_double};
use super::rendering::Rendering;
use super::value::{Object, Text, Value};
use super::{ParameterPlace, RenderError};

/// How deep a value may hold others to be printed: a list may hold itself.
const DEPTH_MAX: u32 = 160;

impl<'a> Rendering<'a> {
    pub(super) fn is_map(&self, value: &Value<'a>) -> bool {
        match value {
            Value::Json(json) => json.is_object(),
            Value::Object(at) => matches!(self.heap.get(*at), Some(Object::Map(_))),
            Value::Parameters | Value::ParametersOf(_) | Value::Context(_) => true,
            _ => false,
        }
    }

    pub(super) fn is_list(&self, value: &Value<'a>) -> bool {
        match value {
            Value::Json(json) => json.is_array(),
            Value::Object(at) => matches!(self.heap.get(*at), Some(Object::List(_))),
            _ => false,
        }
    }

    /// Returns how many elements or members there are.
    pub(super) fn length(&self, value: &Value<'a>) -> Option<usize> {
        match self.settle(value) {
            Value::Json(Json::Array(elements)) => Some(elements.len()),
            Value::Json(Json::Object(members)) => Some(members.len()),
            Value::Object(at) => match self.heap.get(at)? {
                Object::List(list) => Some(list.items.len()),
                Object::Map(entries) => Some(entries.len()),
                Object::Entry(..) | Object::Iterator { .. } => None,
            },
            Value::Parameters => Some(ParameterPlace::ALL.len()),
            Value::ParametersOf(place) => Some(self.scope.parameters(place).len()),
            _ => None,
        }
    }

    /// Returns the element at `index`.
    pub(super) fn element(&self, value: &Value<'a>, index: i128) -> Option<Value<'a>> {
        let length = i128::try_from(self.length(value)?).ok()?;
        // A negative one counts from the end.
        let index = if index < 0 { index + length } else { index };
        let index = usize::try_from(index).ok()?;
        match self.settle(value) {
            Value::Json(json) => json.get(index).map(Value::of_json),
            Value::Object(at) => match self.heap.get(at)? {
                Object::List(list) => list.items.get(index).cloned(),
                _ => None,
            },
            _ => None,
        }
    }

    /// Returns the member of a map.
    pub(super) fn member(&self, value: &Value<'a>, name: &str) -> Option<Value<'a>> {
        match self.settle(value) {
            Value::Json(json) => json.as_object()?.get(name).map(Value::of_json),
            Value::Object(at) => match self.heap.get(at)? {
                Object::Map(entries) => entries.get(name).cloned(),
                _ => None,
            },
            Value::Parameters => ParameterPlace::find(name).map(Value::ParametersOf),
            Value::ParametersOf(place) => self.scope.parameter(place, name).map(|text| match text {
                std::borrow::Cow::Borrowed(text) => Value::lent(text),
                std::borrow::Cow::Owned(text) => Value::made(text),
            }),
            _ => None,
        }
    }

    /// `.name`: a member, or what Java's getters say.
    pub(super) fn property(&mut self, value: &Value<'a>, name: &str) -> Value<'a> {
        match value {
            Value::Context(path) => {
                let mut longer = path.to_vec();
                longer.push(name.into());
                return self.context(&longer);
            }
            Value::Loop(depth) => return self.loop_property(*depth, name),
            Value::Text(text) if name == "empty" => return Value::Boolean(text.as_str().is_empty()),
            Value::Object(at) => {
                if let Some(Object::Entry(key, held)) = self.heap.get(*at) {
                    return match name {
                        "key" => Value::Text(key.clone()),
                        "value" => held.clone(),
                        _ => Value::Null,
                    };
                }
            }
            _ => {}
        }
        if self.is_list(value) && name == "empty" {
            return Value::Boolean(self.length(value) == Some(0));
        }
        self.member(value, name).unwrap_or(Value::Null)
    }

    fn loop_property(&self, depth: usize, name: &str) -> Value<'a> {
        let Some(running) = self.running(depth) else {
            return Value::Null;
        };
        let last = running.index + 1 >= running.count;
        match name {
            "index" => Value::integer(running.index),
            "count" => Value::integer(running.index + 1),
            "hasNext" => Value::Boolean(!last),
            "first" => Value::Boolean(running.index == 0),
            "last" => Value::Boolean(last),
            "parent" => depth.checked_sub(1).map_or(Value::Null, Value::Loop),
            "topmost" => Value::Loop(0),
            _ => Value::Null,
        }
    }

    /// `[index]`: an element of a list, which must be there, or a member of a map.
    pub(super) fn index(&mut self, value: &Value<'a>, index: &Value<'a>) -> Result<Value<'a>, RenderError> {
        if self.is_list(value) {
            return match index {
                Value::Integer(index) => self.element(value, *index).ok_or_else(|| {
                    RenderError::OutOfBounds(index.to_string(), self.length(value).unwrap_or_default())
                }),
                _ => Ok(Value::Null),
            };
        }
        let name = self.text_of(index)?;
        if let Value::Context(_) = value {
            return Ok(self.property(value, name.as_str()));
        }
        Ok(self.member(value, name.as_str()).unwrap_or(Value::Null))
    }

    /// Returns what `#foreach` goes through: elements, a map's values, what is left of an iterator.
    pub(super) fn items(&mut self, value: &Value<'a>) -> Result<Option<Vec<Value<'a>>>, RenderError> {
        let items: Vec<Value<'a>> = match self.settle(value) {
            Value::Json(Json::Array(elements)) => elements.iter().map(Value::of_json).collect(),
            Value::Json(Json::Object(members)) => members.values().map(Value::of_json).collect(),
            Value::Object(at) => match self.heap.get_mut(at) {
                Some(Object::List(list)) => list.items.clone(),
                Some(Object::Map(entries)) => entries.values().cloned().collect(),
                Some(Object::Iterator { items, next }) => {
                    items.split_off(std::mem::take(next).min(items.len()))
                }
                Some(Object::Entry(..)) | None => return Ok(None),
            },
            Value::Parameters | Value::ParametersOf(_) => {
                self.entries(value).into_iter().map(|(_, value)| value).collect()
            }
            _ => return Ok(None),
        };
        self.spend_steps(items.len() / 8)?;
        Ok(Some(items))
    }

    /// Returns the entries of a map.
    pub(super) fn entries(&self, value: &Value<'a>) -> Vec<(Text<'a>, Value<'a>)> {
        match self.settle(value) {
            Value::Json(Json::Object(members)) => members
                .iter()
                .map(|(name, member)| (Text::Lent(name.as_str()), Value::of_json(member)))
                .collect(),
            Value::Object(at) => match self.heap.get(at) {
                Some(Object::Map(entries)) => entries
                    .iter()
                    .map(|(name, member)| (Text::Made(Rc::clone(name)), member.clone()))
                    .collect(),
                _ => Vec::new(),
            },
            Value::Parameters => ParameterPlace::ALL
                .into_iter()
                .map(|place| (Text::Lent(place.name()), Value::ParametersOf(place)))
                .collect(),
            Value::ParametersOf(place) => {
                let made = |text: std::borrow::Cow<'_, str>| Text::Made(text.as_ref().into());
                let parameters = self.scope.parameters(place).into_iter();
                parameters
                    .map(|(name, value)| (made(name), Value::Text(made(value))))
                    .collect()
            }
            _ => Vec::new(),
        }
    }

    /// Returns how a value prints.
    pub(super) fn text_of(&mut self, value: &Value<'a>) -> Result<Text<'a>, RenderError> {
        if let Value::Text(text) = value {
            return Ok(text.clone());
        }
        let mut output = Output::new(self.limits.output_bytes_max);
        if let Value::Block(body) = value {
            self.run_block(body, &mut output)?;
        } else {
            self.print(value, &mut output)?;
        }
        let text = output.into_text();
        self.spend_bytes(text.len())?;
        Ok(Text::Made(text.into()))
    }

    /// Prints a value as Java would.
    pub(super) fn print(&mut self, value: &Value<'a>, output: &mut Output) -> Result<(), RenderError> {
        match value {
            Value::Text(text) => output.push(text.as_str()),
            Value::Json(json) if !self.is_changed() => output.push_java(json),
            Value::Null => output.push("null"),
            // What the path named is not there.
            Value::Context(_) => Ok(()),
            _ => self.print_at(value, output, 0),
        }
    }

    fn print_at(&mut self, value: &Value<'a>, output: &mut Output, depth: u32) -> Result<(), RenderError> {
        self.spend_steps(1)?;
        if depth > DEPTH_MAX {
            return Err(RenderError::TooDeep(DEPTH_MAX));
        }
        let value = self.settle(value);
        match &value {
            Value::Null => output.push("null"),
            Value::Boolean(value) => output.push(if *value { "true" } else { "false" }),
            Value::Integer(integer) => output.push(&integer.to_string()),
            Value::Decimal(decimal) => output.push(&java_double(*decimal)),
            Value::Text(text) => output.push(text.as_str()),
            Value::Context(_) | Value::Loop(_) | Value::Block(_) => Ok(()),
            Value::Json(Json::Array(_)) => output.push_json(&self.json_of(&value)?),
            Value::Json(_) | Value::Parameters | Value::ParametersOf(_) => {
                self.print_entries(&value, output, depth)
            }
            Value::Object(at) => match self.heap.get(*at) {
                Some(Object::List(list)) if list.of_json => output.push_json(&self.json_of(&value)?),
                Some(Object::List(list)) => {
                    let items = list.items.clone();
                    output.push("[")?;
                    for (position, item) in items.iter().enumerate() {
                        output.push(if position == 0 { "" } else { ", " })?;
                        self.print_at(item, output, depth + 1)?;
                    }
                    output.push("]")
                }
                Some(Object::Map(_)) => self.print_entries(&value, output, depth),
                Some(Object::Entry(key, held)) => {
                    let held = held.clone();
                    output.push(key.as_str())?;
                    output.push("=")?;
                    self.print_at(&held, output, depth + 1)
                }
                Some(Object::Iterator { .. }) | None => Ok(()),
            },
        }
    }

    fn print_entries(&mut self, map: &Value<'a>, output: &mut Output, depth: u32) -> Result<(), RenderError> {
        output.push("{")?;
        for (position, (name, member)) in self.entries(map).iter().enumerate() {
            output.push(if position == 0 { "" } else { ", " })?;
            output.push(name.as_str())?;
            output.push("=")?;
            self.print_at(member, output, depth + 1)?;
        }
        output.push("}")
    }

    /// Returns a value as JSON.
    pub(super) fn json_of(&mut self, value: &Value<'a>) -> Result<Json, RenderError> {
        self.json_of_at(value, 0)
    }

    fn json_of_at(&mut self, value: &Value<'a>, depth: u32) -> Result<Json, RenderError> {
        self.spend_steps(1)?;
        if depth > DEPTH_MAX {
            return Err(RenderError::TooDeep(DEPTH_MAX));
        }
        let value = self.settle(value);
        Ok(match &value {
            Value::Null => Json::Null,
            Value::Boolean(value) => Json::Bool(*value),
            Value::Integer(integer) => serde_json::Number::from_i128(*integer)
                .map_or_else(|| Json::String(integer.to_string()), Json::Number),
            Value::Decimal(decimal) => Json::from(*decimal),
            _ if self.is_list(&value) => {
                let items = self.items(&value)?.unwrap_or_default();
                let elements: Result<Vec<Json>, RenderError> = items
                    .iter()
                    .map(|item| self.json_of_at(item, depth + 1))
                    .collect();
                Json::Array(elements?)
            }
            _ if self.is_map(&value) => {
                let mut members = Map::new();
                for (name, member) in self.entries(&value) {
                    self.spend_bytes(name.as_str().len())?;
                    members.insert(name.as_str().to_owned(), self.json_of_at(&member, depth + 1)?);
                }
                Json::Object(members)
            }
            _ => {
                let text = self.text_of(&value)?;
                self.spend_bytes(text.as_str().len())?;
                Json::String(text.as_str().to_owned())
            }
        })
    }
}
