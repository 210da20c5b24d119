//! Values while a template is rendered. Texts and JSON are lent as long as nobody changes them; what a template makes or changes
//! lives in a heap that ends with the rendering, so that lists may even hold themselves.

use std::rc::Rc;

use indexmap::IndexMap;
use serde_json::{Number, Value as Json};

use super::program::Step;
use super::{Found, ParameterPlace};

/// A value, cheap to copy.
#[derive(Clone, Debug)]
pub(super) enum Value<'a> {
    Null,
    Boolean(bool),
    Integer(i128),
    Decimal(f64),
    Text(Text<'a>),
    /// An object or a list of the body, as it came.
    Json(&'a Json),
    /// An object of the heap.
    Object(usize),
    /// What `$context` has under a path, looked up when it is used.
    Context(Rc<[Box<str>]>),
    Parameters,
    ParametersOf(ParameterPlace),
    /// `$foreach` of the loop at this depth.
    Loop(usize),
    /// What `#define` keeps.
    Block(&'a [Step]),
}

/// A text, lent or made.
#[derive(Clone, Debug)]
pub(super) enum Text<'a> {
    Lent(&'a str),
    Made(Rc<str>),
}

impl Text<'_> {
    pub(super) fn as_str(&self) -> &str {
        match self {
            Self::Lent(text) => text,
            Self::Made(text) => text,
        }
    }
}

/// What lives in the heap.
#[derive(Debug)]
pub(super) enum Object<'a> {
    List(List<'a>),
    Map(IndexMap<Rc<str>, Value<'a>>),
    /// One of a map's entries.
    Entry(Text<'a>, Value<'a>),
    Iterator {
        items: Vec<Value<'a>>,
        next: usize,
    },
}

/// A list; those of JSON print as JSON, those of templates as Java prints them.
#[derive(Debug)]
pub(super) struct List<'a> {
    pub(super) items: Vec<Value<'a>>,
    pub(super) of_json: bool,
}

impl<'a> Value<'a> {
    /// An undefined reference is an empty text on API Gateway, even in a condition (recorded).
    pub(super) const EMPTY: Self = Self::Text(Text::Lent(""));

    pub(super) const fn lent(text: &'a str) -> Self {
        Self::Text(Text::Lent(text))
    }

    pub(super) fn made(text: impl Into<Rc<str>>) -> Self {
        Self::Text(Text::Made(text.into()))
    }

    pub(super) fn integer(number: usize) -> Self {
        Self::Integer(i128::try_from(number).unwrap_or(i128::MAX))
    }

    /// Lends a JSON value.
    pub(super) fn of_json(json: &'a Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(value) => Self::Boolean(*value),
            Json::Number(number) => Self::number(number),
            Json::String(text) => Self::lent(text),
            Json::Array(_) | Json::Object(_) => Self::Json(json),
        }
    }

    pub(super) fn number(number: &Number) -> Self {
        match (number.as_i128(), number.as_f64()) {
            (Some(integer), _) => Self::Integer(integer),
            (None, Some(decimal)) => Self::Decimal(decimal),
            (None, None) => Self::made(number.to_string()),
        }
    }
}

/// The heap of one rendering.
#[derive(Debug, Default)]
pub(super) struct Heap<'a>(Vec<Object<'a>>);

impl<'a> Heap<'a> {
    pub(super) fn put(&mut self, object: Object<'a>) -> Value<'a> {
        self.0.push(object);
        Value::Object(self.0.len() - 1)
    }

    pub(super) fn list(&mut self, items: Vec<Value<'a>>) -> Value<'a> {
        self.put(Object::List(List {
            items,
            of_json: false,
        }))
    }

    pub(super) fn get(&self, at: usize) -> Option<&Object<'a>> {
        self.0.get(at)
    }

    pub(super) fn get_mut(&mut self, at: usize) -> Option<&mut Object<'a>> {
        self.0.get_mut(at)
    }

    /// Takes over a JSON value that nobody else holds; how deep it nests was limited when it was parsed.
    pub(super) fn adopt(&mut self, json: Json) -> Value<'a> {
        match json {
            Json::Null => Value::Null,
            Json::Bool(value) => Value::Boolean(value),
            Json::Number(number) => Value::number(&number),
            Json::String(text) => Value::made(text),
            Json::Array(elements) => {
                let items = elements.into_iter().map(|element| self.adopt(element)).collect();
                self.put(Object::List(List { items, of_json: true }))
            }
            Json::Object(members) => {
                let entries = members
                    .into_iter()
                    .map(|(name, member)| (name.into(), self.adopt(member)))
                    .collect();
                self.put(Object::Map(entries))
            }
        }
    }

    pub(super) fn found(&mut self, found: Found<'a>) -> Value<'a> {
        match found {
            Found::Text(std::borrow::Cow::Borrowed(text)) => Value::lent(text),
            Found::Text(std::borrow::Cow::Owned(text)) => Value::made(text),
            Found::Json(std::borrow::Cow::Borrowed(json)) => Value::of_json(json),
            Found::Json(std::borrow::Cow::Owned(json)) => self.adopt(json),
        }
    }
}
