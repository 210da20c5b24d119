//! Methods of Java's objects, as far as templates use them: one file for each kind of object. A method that no value here has is
//! refused at deployment; one that this value does not have is undefined, as in Velocity.

mod list;
mod map;
mod number;
mod text;

use regex::Regex;

use super::RenderError;
use super::rendering::Rendering;
use super::value::{Object, Value};

/// A method's name, and how many arguments it takes.
macro_rules! methods {
    ($($method:ident $name:literal $least:literal..=$most:literal),+ $(,)?) => {
        /// A method that some value has.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum Method { $($method),+ }

        impl Method {
            const ALL: &'static [(&'static str, usize, usize, Self)] = &[$(($name, $least, $most, Self::$method)),+];
        }
    };
}

methods! {
    Add "add" 1..=2, AddAll "addAll" 1..=2, BooleanValue "booleanValue" 0..=0, CharAt "charAt" 1..=1, Clear "clear" 0..=0,
    CompareTo "compareTo" 1..=1, CompareToIgnoreCase "compareToIgnoreCase" 1..=1, Concat "concat" 1..=1,
    Contains "contains" 1..=1, ContainsAll "containsAll" 1..=1, ContainsKey "containsKey" 1..=1,
    ContainsValue "containsValue" 1..=1, Count "count" 0..=0, DoubleValue "doubleValue" 0..=0, EndsWith "endsWith" 1..=1,
    EntrySet "entrySet" 0..=0, Equals "equals" 1..=1, EqualsIgnoreCase "equalsIgnoreCase" 1..=1,
    FloatValue "floatValue" 0..=0, Get "get" 1..=1, GetKey "getKey" 0..=0, GetOrDefault "getOrDefault" 2..=2,
    GetValue "getValue" 0..=0, HasNext "hasNext" 0..=0, IndexOf "indexOf" 1..=2, IntValue "intValue" 0..=0,
    IsEmpty "isEmpty" 0..=0, Iterator "iterator" 0..=0, KeySet "keySet" 0..=0, LastIndexOf "lastIndexOf" 1..=2,
    Length "length" 0..=0, LongValue "longValue" 0..=0, Matches "matches" 1..=1, Next "next" 0..=0,
    ParseDouble "parseDouble" 1..=1, ParseInt "parseInt" 1..=1, ParseLong "parseLong" 1..=1, Put "put" 2..=2,
    PutAll "putAll" 1..=1, PutIfAbsent "putIfAbsent" 2..=2, Remove "remove" 1..=1, RemoveAll "removeAll" 1..=1,
    Replace "replace" 2..=2, ReplaceAll "replaceAll" 2..=2, ReplaceFirst "replaceFirst" 2..=2,
    RetainAll "retainAll" 1..=1, Set "set" 2..=2, Size "size" 0..=0, Split "split" 1..=2, StartsWith "startsWith" 1..=2,
    SubList "subList" 2..=2, Substring "substring" 1..=2, ToLowerCase "toLowerCase" 0..=0, ToString "toString" 0..=0,
    ToUpperCase "toUpperCase" 0..=0, Trim "trim" 0..=0, ValueOf "valueOf" 1..=1, Values "values" 0..=0,
}

impl Method {
    /// Finds a method by its name; the error says what is wrong.
    pub(super) fn find(name: &str, arguments: usize) -> Result<Self, String> {
        let known = Self::ALL.iter().find(|(known, ..)| *known == name);
        let Some((_, least, most, method)) = known else {
            let names: Vec<&str> = Self::ALL.iter().map(|(name, ..)| *name).collect();
            return Err(format!(
                "the method `{name}` is not supported: values have {}",
                names.join(", ")
            ));
        };
        if (*least..=*most).contains(&arguments) {
            return Ok(*method);
        }
        let wanted = if least == most {
            least.to_string()
        } else {
            format!("{least} or {most}")
        };
        Err(format!(
            "the method `{name}` takes {wanted} arguments, here are {arguments}"
        ))
    }

    /// Tells whether the first argument is a regular expression.
    pub(super) const fn takes_pattern(self) -> bool {
        matches!(
            self,
            Self::Matches | Self::ReplaceAll | Self::ReplaceFirst | Self::Split
        )
    }

    pub(super) fn name(self) -> &'static str {
        let mut all = Self::ALL.iter();
        all.find(|(.., method)| *method == self)
            .map_or("", |(name, ..)| name)
    }
}

impl<'a> Rendering<'a> {
    /// Calls a method; undefined where the value has none of that name.
    pub(super) fn call(
        &mut self,
        value: &Value<'a>,
        method: Method,
        arguments: &[Value<'a>],
        pattern: Option<&Regex>,
    ) -> Result<Value<'a>, RenderError> {
        let value = self.settle(value);
        match (method, arguments) {
            (Method::ToString, []) => return Ok(Value::Text(self.text_of(&value)?)),
            (Method::Equals, [other]) if !matches!(value, Value::Context(_)) => {
                return Ok(Value::Boolean(
                    same_kind(&value, other) && self.equal(&value, other)?,
                ));
            }
            _ => {}
        }
        match &value {
            Value::Text(text) => self.call_text(text.as_str(), method, arguments, pattern),
            Value::Integer(_) | Value::Decimal(_) | Value::Boolean(_) => {
                self.call_number(&value, method, arguments)
            }
            Value::Context(_) if method == Method::Get => match arguments {
                [name] => self.index(&value, name),
                _ => Ok(Value::Null),
            },
            Value::Context(_) => self.call_text("", method, arguments, pattern),
            Value::Object(at) if !self.is_list(&value) && !self.is_map(&value) => {
                Ok(self.call_other(*at, method))
            }
            _ if self.is_list(&value) => self.call_list(&value, method, arguments),
            _ if self.is_map(&value) => self.call_map(&value, method, arguments),
            _ => Ok(Value::Null),
        }
    }

    /// Entries and iterators.
    fn call_other(&mut self, at: usize, method: Method) -> Value<'a> {
        match (self.heap.get_mut(at), method) {
            (Some(Object::Entry(key, _)), Method::GetKey) => Value::Text(key.clone()),
            (Some(Object::Entry(_, value)), Method::GetValue) => value.clone(),
            (Some(Object::Iterator { items, next }), Method::HasNext) => Value::Boolean(*next < items.len()),
            (Some(Object::Iterator { items, next }), Method::Next) => {
                let item = items.get(*next).cloned();
                *next += 1;
                item.unwrap_or(Value::Null)
            }
            _ => Value::Null,
        }
    }
}

/// Java's `equals` tells a text from a number that looks alike.
fn same_kind(left: &Value<'_>, right: &Value<'_>) -> bool {
    let is_scalar = |value: &Value<'_>| {
        matches!(
            value,
            Value::Text(_) | Value::Integer(_) | Value::Decimal(_) | Value::Boolean(_)
        )
    };
    std::mem::discriminant(left) == std::mem::discriminant(right) || (!is_scalar(left) && !is_scalar(right))
}
