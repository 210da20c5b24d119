//! A path walks through a value. Order is Jayway's: depth first, a value before what is in it.

use std::borrow::Cow;

use serde_json::{Map, Value};

use super::path::{Token, is_definite};
use super::{LimitExceeded, Limits, filter};

/// One walk, with what is left of its budget.
pub(super) struct Evaluation<'v, 'l> {
    pub(super) root: &'v Value,
    limits: &'l Limits,
    nodes: usize,
}

type Selected<'v> = Vec<Cow<'v, Value>>;

impl<'v, 'l> Evaluation<'v, 'l> {
    pub(super) const fn new(root: &'v Value, limits: &'l Limits) -> Self {
        Self {
            root,
            limits,
            nodes: 0,
        }
    }

    /// Returns how many values were looked at.
    pub(super) const fn nodes(&self) -> usize {
        self.nodes
    }

    /// Returns what `tokens` name under `value`: for a definite path a value, for others a list.
    pub(super) fn select(
        &mut self,
        tokens: &[Token],
        value: &'v Value,
    ) -> Result<Option<Cow<'v, Value>>, LimitExceeded> {
        let mut selected = Vec::new();
        self.walk(tokens, value, &mut selected)?;
        if is_definite(tokens) {
            return Ok(selected.into_iter().next());
        }
        let mut list = Vec::with_capacity(selected.len());
        for element in selected {
            if let Cow::Borrowed(value) = element {
                self.spend_copy(value)?;
            }
            list.push(element.into_owned());
        }
        Ok(Some(Cow::Owned(Value::Array(list))))
    }

    pub(super) fn spend(&mut self, nodes: usize) -> Result<(), LimitExceeded> {
        self.nodes = self.nodes.saturating_add(nodes);
        if self.nodes > self.limits.nodes_max {
            return Err(LimitExceeded::Nodes(self.limits.nodes_max));
        }
        Ok(())
    }

    /// Copies cost as many nodes as they hold, long texts one more per 64 bytes: `$..*` copies a value once per level.
    fn spend_copy(&mut self, value: &Value) -> Result<(), LimitExceeded> {
        let mut waiting = vec![value];
        while let Some(value) = waiting.pop() {
            match value {
                Value::String(text) => self.spend(1 + text.len() / 64)?,
                Value::Array(elements) => {
                    self.spend(1)?;
                    waiting.extend(elements);
                }
                Value::Object(members) => {
                    self.spend(1 + members.keys().map(String::len).sum::<usize>() / 64)?;
                    waiting.extend(members.values());
                }
                Value::Null | Value::Bool(_) | Value::Number(_) => self.spend(1)?,
            }
        }
        Ok(())
    }

    fn walk(
        &mut self,
        tokens: &[Token],
        value: &'v Value,
        selected: &mut Selected<'v>,
    ) -> Result<(), LimitExceeded> {
        self.spend(1)?;
        let Some((token, rest)) = tokens.split_first() else {
            selected.push(Cow::Borrowed(value));
            return Ok(());
        };
        match token {
            Token::Property(name) => match value.as_object().and_then(|members| members.get(name)) {
                Some(member) => self.walk(rest, member, selected),
                None => Ok(()),
            },
            Token::Properties(names) => self.walk_properties(names, rest, value, selected),
            Token::Index(index) => match element(value, *index) {
                Some(element) => self.walk(rest, element, selected),
                None => Ok(()),
            },
            Token::Indices(indices) => {
                for element in indices.iter().filter_map(|index| element(value, *index)) {
                    self.walk(rest, element, selected)?;
                }
                Ok(())
            }
            Token::Slice { from, to } => {
                for element in slice(value, *from, *to) {
                    self.walk(rest, element, selected)?;
                }
                Ok(())
            }
            Token::Wildcard => {
                for child in children(value) {
                    self.walk(rest, child, selected)?;
                }
                Ok(())
            }
            Token::Filter(filter) => {
                // Jayway asks an object about itself, a list about each of its elements.
                let candidates = value
                    .as_array()
                    .map_or(std::slice::from_ref(value), Vec::as_slice);
                for candidate in candidates
                    .iter()
                    .filter(|_| value.is_array() || value.is_object())
                {
                    self.spend(1)?;
                    if filter::evaluate(filter, candidate, self)? {
                        self.walk(rest, candidate, selected)?;
                    }
                }
                Ok(())
            }
            Token::Descend => self.descend(rest, value, 0, selected),
        }
    }

    fn walk_properties(
        &mut self,
        names: &[String],
        rest: &[Token],
        value: &'v Value,
        selected: &mut Selected<'v>,
    ) -> Result<(), LimitExceeded> {
        let Some(members) = value.as_object() else {
            return Ok(());
        };
        let present = names.iter().filter_map(|name| members.get_key_value(name));
        if !rest.is_empty() {
            for (_, member) in present {
                self.walk(rest, member, selected)?;
            }
            return Ok(());
        }
        let mut merged = Map::new();
        for (name, member) in present {
            self.spend_copy(member)?;
            merged.insert(name.clone(), member.clone());
        }
        selected.push(Cow::Owned(Value::Object(merged)));
        Ok(())
    }

    fn descend(
        &mut self,
        tokens: &[Token],
        value: &'v Value,
        depth: u32,
        selected: &mut Selected<'v>,
    ) -> Result<(), LimitExceeded> {
        self.spend(1)?;
        if depth > self.limits.depth_max {
            return Err(LimitExceeded::Depth(self.limits.depth_max));
        }
        let applies = match tokens.first() {
            // An element that is an object is asked when the descent reaches it; asking from its list too would count it twice.
            Some(Token::Filter(_)) => value.is_object(),
            Some(Token::Properties(names)) => value
                .as_object()
                .is_some_and(|members| names.iter().all(|name| members.contains_key(name))),
            _ => value.is_object() || value.is_array(),
        };
        if applies {
            self.walk(tokens, value, selected)?;
        }
        for child in children(value) {
            self.descend(tokens, child, depth + 1, selected)?;
        }
        Ok(())
    }
}

fn children(value: &Value) -> Box<dyn Iterator<Item = &Value> + '_> {
    match value {
        Value::Array(elements) => Box::new(elements.iter()),
        Value::Object(members) => Box::new(members.values()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Box::new(std::iter::empty()),
    }
}

/// A negative index counts from the end.
pub(super) fn element(value: &Value, index: i64) -> Option<&Value> {
    let elements = value.as_array()?;
    let position = if index < 0 {
        index.checked_add(i64::try_from(elements.len()).ok()?)?
    } else {
        index
    };
    elements.get(usize::try_from(position).ok()?)
}

/// Both ends may count from the end. Jayway wraps around when one is negative and the other is not; nobody can mean
/// that, so here each end is taken for itself (RFC 9535 section 2.3.4).
fn slice(value: &Value, from: Option<i64>, to: Option<i64>) -> &[Value] {
    let elements = value.as_array().map_or(&[] as &[Value], Vec::as_slice);
    let length = i64::try_from(elements.len()).unwrap_or(i64::MAX);
    let place = |end: i64| {
        let counted = if end < 0 { length.saturating_add(end) } else { end };
        usize::try_from(counted.clamp(0, length)).unwrap_or(0)
    };
    elements
        .get(place(from.unwrap_or(0))..place(to.unwrap_or(length)))
        .unwrap_or(&[])
}
