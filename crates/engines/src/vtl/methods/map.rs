//! `java.util.Map`. Keys are texts. What `keySet`, `values` and `entrySet` return is a list of its own.

use std::rc::Rc;

use super::Method;
use crate::vtl::RenderError;
use crate::vtl::rendering::Rendering;
use crate::vtl::value::{Object, Value};

impl<'a> Rendering<'a> {
    pub(super) fn call_map(
        &mut self,
        value: &Value<'a>,
        method: Method,
        arguments: &[Value<'a>],
    ) -> Result<Value<'a>, RenderError> {
        let length = self.length(value).unwrap_or_default();
        Ok(match (method, arguments) {
            (Method::Size | Method::Count, []) => Value::integer(length),
            (Method::IsEmpty, []) => Value::Boolean(length == 0),
            (Method::Get, [name]) => self.index(value, name)?,
            (Method::GetOrDefault, [name, otherwise]) => match self.index(value, name)? {
                Value::Null => otherwise.clone(),
                found => found,
            },
            (Method::ContainsKey, [name]) => {
                let name = self.text_of(name)?;
                Value::Boolean(self.member(value, name.as_str()).is_some())
            }
            (Method::ContainsValue, [sought]) => {
                for (_, member) in self.listed(value)? {
                    if self.is_same(&member, sought)? {
                        return Ok(Value::Boolean(true));
                    }
                }
                Value::Boolean(false)
            }
            (Method::KeySet, []) => {
                let keys = self.listed(value)?.into_iter().map(|(name, _)| Value::Text(name));
                let keys = keys.collect();
                self.heap.list(keys)
            }
            (Method::Values, []) => {
                let values = self
                    .listed(value)?
                    .into_iter()
                    .map(|(_, member)| member)
                    .collect();
                self.heap.list(values)
            }
            (Method::EntrySet, []) => {
                let mut entries = Vec::with_capacity(length);
                for (name, member) in self.listed(value)? {
                    entries.push(self.heap.put(Object::Entry(name, member)));
                }
                self.heap.list(entries)
            }
            _ => self.change_map(value, method, arguments)?,
        })
    }

    fn listed(
        &mut self,
        value: &Value<'a>,
    ) -> Result<Vec<(crate::vtl::value::Text<'a>, Value<'a>)>, RenderError> {
        let entries = self.entries(value);
        self.spend_steps(entries.len())?;
        Ok(entries)
    }

    fn change_map(
        &mut self,
        value: &Value<'a>,
        method: Method,
        arguments: &[Value<'a>],
    ) -> Result<Value<'a>, RenderError> {
        let before = match (method, arguments) {
            (Method::Put | Method::PutIfAbsent, [name, member]) => {
                let name = self.text_of(name)?;
                if method == Method::PutIfAbsent
                    && let Some(known) = self.member(value, name.as_str())
                {
                    return Ok(known);
                }
                let key: Rc<str> = name.as_str().into();
                self.spend_bytes(key.len())?;
                let member = member.clone();
                self.with_map(value, |entries| entries.insert(key, member))
                    .flatten()
            }
            (Method::PutAll, [other]) => {
                for (name, member) in self.listed(other)? {
                    let key: Rc<str> = name.as_str().into();
                    self.with_map(value, |entries| entries.insert(key, member));
                }
                Some(Value::EMPTY)
            }
            (Method::Remove, [name]) => {
                let name = self.text_of(name)?;
                self.spend_steps(self.length(value).unwrap_or_default() / 8)?;
                self.with_map(value, |entries| entries.shift_remove(name.as_str()))
                    .flatten()
            }
            (Method::Clear, []) => {
                self.with_map(value, indexmap::IndexMap::clear);
                Some(Value::EMPTY)
            }
            _ => None,
        };
        Ok(before.unwrap_or(Value::Null))
    }

    fn with_map<T>(
        &mut self,
        value: &Value<'a>,
        change: impl FnOnce(&mut indexmap::IndexMap<Rc<str>, Value<'a>>) -> T,
    ) -> Option<T> {
        match self.changed(value)? {
            Object::Map(entries) => Some(change(entries)),
            _ => None,
        }
    }
}
