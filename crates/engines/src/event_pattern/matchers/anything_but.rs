//! `{"anything-but": …}`: a leaf that is none of these values, or a text that none of these comparisons matches.

use serde_json::{Map, Value};

use super::{
    Misfit, equals_ignore_case::EqualsIgnoreCase, prefix::Prefix, suffix::Suffix, texts, wildcard::Wildcard,
};

#[derive(Clone, Debug)]
pub(in crate::event_pattern) enum AnythingBut {
    /// Texts or numbers, not both.
    Values(Vec<Value>),
    Prefixes(Vec<Prefix>),
    Suffixes(Vec<Suffix>),
    IgnoringCase(Vec<EqualsIgnoreCase>),
    Wildcards(Vec<Wildcard>),
}

impl AnythingBut {
    pub(super) fn compile(operand: &Value) -> Result<Self, Misfit> {
        match operand {
            Value::String(_) | Value::Number(_) => Ok(Self::Values(vec![operand.clone()])),
            Value::Array(items)
                if !items.is_empty()
                    && (items.iter().all(Value::is_string) || items.iter().all(Value::is_number)) =>
            {
                Ok(Self::Values(items.clone()))
            }
            Value::Object(members) => Self::comparison(members),
            _ => Err("expected text, a number, a list of one of them, or one comparison"),
        }
    }

    fn comparison(members: &Map<String, Value>) -> Result<Self, Misfit> {
        let mut members = members.iter();
        let (Some((name, operand)), None) = (members.next(), members.next()) else {
            return Err("expected one comparison");
        };
        match name.as_str() {
            "prefix" => list(operand, Prefix::compile).map(Self::Prefixes),
            "suffix" => list(operand, Suffix::compile).map(Self::Suffixes),
            "equals-ignore-case" => {
                let texts = texts(operand)?;
                Ok(Self::IgnoringCase(
                    texts.into_iter().map(EqualsIgnoreCase::of).collect(),
                ))
            }
            "wildcard" => {
                let wildcards: Result<_, _> = texts(operand)?.into_iter().map(Wildcard::of).collect();
                wildcards.map(Self::Wildcards)
            }
            _ => Err("expected `prefix`, `suffix`, `equals-ignore-case` or `wildcard`"),
        }
    }

    pub(super) fn matches(&self, leaf: &Value) -> bool {
        let none = |matches: &dyn Fn(&str) -> bool| leaf.as_str().is_some_and(|text| !matches(text));
        match self {
            Self::Values(values) => !values.contains(leaf),
            Self::Prefixes(prefixes) => none(&|text| prefixes.iter().any(|prefix| prefix.matches(text))),
            Self::Suffixes(suffixes) => none(&|text| suffixes.iter().any(|suffix| suffix.matches(text))),
            Self::IgnoringCase(texts) => none(&|text| texts.iter().any(|equals| equals.matches(text))),
            Self::Wildcards(wildcards) => none(&|text| wildcards.iter().any(|wild| wild.matches(text))),
        }
    }
}

fn list<T>(operand: &Value, compile: impl Fn(&Value) -> Result<T, Misfit>) -> Result<Vec<T>, Misfit> {
    match operand {
        Value::Array(items) if !items.is_empty() => items.iter().map(compile).collect(),
        Value::Array(_) => Err("expected at least one text"),
        other => Ok(vec![compile(other)?]),
    }
}
