//! `java.util.List`. Lists of the body change in place: what else shows them shows the change.

use super::Method;
use crate::vtl::RenderError;
use crate::vtl::rendering::Rendering;
use crate::vtl::value::{List, Object, Value};

impl<'a> Rendering<'a> {
    pub(super) fn call_list(
        &mut self,
        value: &Value<'a>,
        method: Method,
        arguments: &[Value<'a>],
    ) -> Result<Value<'a>, RenderError> {
        let length = self.length(value).unwrap_or_default();
        Ok(match (method, arguments) {
            (Method::Size | Method::Count, []) => Value::integer(length),
            (Method::IsEmpty, []) => Value::Boolean(length == 0),
            (Method::Get, [index @ Value::Integer(at)]) => {
                if *at < 0 {
                    return Err(RenderError::OutOfBounds(at.to_string(), length));
                }
                self.index(value, index)?
            }
            (Method::Iterator, []) => {
                let items = self.items(value)?.unwrap_or_default();
                self.heap.put(Object::Iterator { items, next: 0 })
            }
            (Method::Contains, [sought]) => Value::Boolean(self.place_of(value, sought)?.is_some()),
            (Method::IndexOf, [sought]) => match self.place_of(value, sought)? {
                Some(at) => Value::integer(at),
                None => Value::Integer(-1),
            },
            (Method::LastIndexOf, [sought]) => {
                let items = self.items(value)?.unwrap_or_default();
                let mut found = Value::Integer(-1);
                for (at, item) in items.iter().enumerate() {
                    if self.is_same(item, sought)? {
                        found = Value::integer(at);
                    }
                }
                found
            }
            (Method::ContainsAll, [others]) => {
                for other in self.items(others)?.unwrap_or_default() {
                    if self.place_of(value, &other)?.is_none() {
                        return Ok(Value::Boolean(false));
                    }
                }
                Value::Boolean(true)
            }
            (Method::SubList, [Value::Integer(from), Value::Integer(to)]) => {
                let items = self.items(value)?.unwrap_or_default();
                let (start, end) = (usize::try_from(*from), usize::try_from(*to));
                let part = match (start, end) {
                    (Ok(start), Ok(end)) => items.get(start..end).map(<[_]>::to_vec),
                    _ => None,
                };
                let part = part.ok_or_else(|| RenderError::OutOfBounds(format!("{from}..{to}"), length))?;
                self.heap.list(part)
            }
            _ => self.change_list(value, method, arguments, length)?,
        })
    }

    fn change_list(
        &mut self,
        value: &Value<'a>,
        method: Method,
        arguments: &[Value<'a>],
        length: usize,
    ) -> Result<Value<'a>, RenderError> {
        let within = |index: &i128, most: usize| {
            let at = usize::try_from(*index).ok().filter(|at| *at < most);
            at.ok_or_else(|| RenderError::OutOfBounds(index.to_string(), length))
        };
        match (method, arguments) {
            (Method::Add, [item]) => {
                let item = item.clone();
                self.with_list(value, |list| list.items.push(item));
                Ok(Value::Boolean(true))
            }
            (Method::Add, [Value::Integer(index), item]) => {
                let (at, item) = (within(index, length + 1)?, item.clone());
                self.spend_steps(length / 8)?;
                self.with_list(value, |list| list.items.insert(at, item));
                Ok(Value::Null)
            }
            (Method::AddAll, [others]) => {
                let others = self.items(others)?.unwrap_or_default();
                self.spend_steps(others.len())?;
                let changed = !others.is_empty();
                self.with_list(value, |list| list.items.extend(others));
                Ok(Value::Boolean(changed))
            }
            (Method::Set, [Value::Integer(index), item]) => {
                let (at, item) = (within(index, length)?, item.clone());
                let before = self.with_list(value, |list| {
                    list.items.get_mut(at).map(|slot| std::mem::replace(slot, item))
                });
                Ok(before.flatten().unwrap_or(Value::Null))
            }
            (Method::Remove, [Value::Integer(index)]) => {
                let at = within(index, length)?;
                self.spend_steps(length / 8)?;
                let removed = self.with_list(value, |list| list.items.remove(at));
                Ok(removed.unwrap_or(Value::Null))
            }
            (Method::Remove, [sought]) => {
                let at = self.place_of(value, sought)?;
                if let Some(at) = at {
                    self.with_list(value, |list| list.items.remove(at));
                }
                Ok(Value::Boolean(at.is_some()))
            }
            (Method::RemoveAll | Method::RetainAll, [others]) => {
                let mut kept = Vec::new();
                for item in self.items(value)?.unwrap_or_default() {
                    let listed = self.place_of(others, &item)?.is_some();
                    if listed == (method == Method::RetainAll) {
                        kept.push(item);
                    }
                }
                let changed = kept.len() != length;
                self.with_list(value, |list| list.items = kept);
                Ok(Value::Boolean(changed))
            }
            (Method::Clear, []) => {
                self.with_list(value, |list| list.items.clear());
                Ok(Value::EMPTY)
            }
            _ => Ok(Value::Null),
        }
    }

    fn with_list<T>(&mut self, value: &Value<'a>, change: impl FnOnce(&mut List<'a>) -> T) -> Option<T> {
        match self.changed(value)? {
            Object::List(list) => Some(change(list)),
            _ => None,
        }
    }

    fn place_of(&mut self, value: &Value<'a>, sought: &Value<'a>) -> Result<Option<usize>, RenderError> {
        for (at, item) in self.items(value)?.unwrap_or_default().iter().enumerate() {
            if self.is_same(item, sought)? {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    pub(super) fn is_same(&mut self, left: &Value<'a>, right: &Value<'a>) -> Result<bool, RenderError> {
        Ok(super::same_kind(left, right) && self.equal(left, right)?)
    }
}
