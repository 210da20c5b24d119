//! Every comparison, one file each.

mod anything_but;
mod cidr;
mod equals_ignore_case;
mod exact;
mod exists;
mod numeric;
mod prefix;
mod suffix;
mod wildcard;

use serde_json::Value;

use super::PatternError;
use anything_but::AnythingBut;
use cidr::Cidr;
use equals_ignore_case::EqualsIgnoreCase;
use exact::Exact;
use exists::Exists;
use numeric::Numeric;
use prefix::Prefix;
use suffix::Suffix;
use wildcard::Wildcard;

/// One comparison.
#[derive(Clone, Debug)]
pub(super) enum Matcher {
    Exact(Exact),
    Prefix(Prefix),
    Suffix(Suffix),
    EqualsIgnoreCase(EqualsIgnoreCase),
    AnythingBut(AnythingBut),
    Numeric(Numeric),
    Exists(Exists),
    Cidr(Cidr),
    Wildcard(Wildcard),
}

/// Why an operand does not fit its comparison.
type Misfit = &'static str;

impl Matcher {
    /// Compiles one entry of a field's list.
    pub(super) fn compile(entry: &Value, path: &str) -> Result<Self, PatternError> {
        let expression = match entry {
            Value::Object(expression) => expression,
            Value::Array(_) => return Err(PatternError::ListInList(path.to_owned())),
            plain => return Ok(Self::Exact(Exact(plain.clone()))),
        };
        let mut members = expression.iter();
        let (Some((name, operand)), None) = (members.next(), members.next()) else {
            return Err(PatternError::OneKey(path.to_owned()));
        };
        let misfit =
            |name: &'static str| move |misfit: Misfit| PatternError::Operand(path.to_owned(), name, misfit);
        match name.as_str() {
            "prefix" => Prefix::compile(operand)
                .map(Self::Prefix)
                .map_err(misfit("prefix")),
            "suffix" => Suffix::compile(operand)
                .map(Self::Suffix)
                .map_err(misfit("suffix")),
            "equals-ignore-case" => EqualsIgnoreCase::compile(operand)
                .map(Self::EqualsIgnoreCase)
                .map_err(misfit("equals-ignore-case")),
            "anything-but" => AnythingBut::compile(operand)
                .map(Self::AnythingBut)
                .map_err(misfit("anything-but")),
            "numeric" => Numeric::compile(operand)
                .map(Self::Numeric)
                .map_err(misfit("numeric")),
            "exists" => Exists::compile(operand)
                .map(Self::Exists)
                .map_err(misfit("exists")),
            "cidr" => Cidr::compile(operand).map(Self::Cidr).map_err(misfit("cidr")),
            "wildcard" => Wildcard::compile(operand)
                .map(Self::Wildcard)
                .map_err(misfit("wildcard")),
            unknown => Err(PatternError::Unknown(path.to_owned(), unknown.to_owned())),
        }
    }

    /// Tells whether `leaf`, neither list nor object, matches.
    pub(super) fn matches(&self, leaf: &Value) -> bool {
        let text = leaf.as_str();
        match self {
            Self::Exact(exact) => exact.matches(leaf),
            Self::Prefix(prefix) => text.is_some_and(|text| prefix.matches(text)),
            Self::Suffix(suffix) => text.is_some_and(|text| suffix.matches(text)),
            Self::EqualsIgnoreCase(equals) => text.is_some_and(|text| equals.matches(text)),
            Self::AnythingBut(but) => but.matches(leaf),
            Self::Numeric(numeric) => leaf.as_f64().is_some_and(|number| numeric.matches(number)),
            Self::Exists(exists) => exists.matches(Some(leaf)),
            Self::Cidr(cidr) => text.is_some_and(|text| cidr.matches(text)),
            Self::Wildcard(wildcard) => text.is_some_and(|text| wildcard.matches(text)),
        }
    }
}

/// Reads a text, or a list of texts, at least one.
fn texts(operand: &Value) -> Result<Vec<&str>, Misfit> {
    match operand {
        Value::String(text) => Ok(vec![text]),
        Value::Array(items) if !items.is_empty() => items
            .iter()
            .map(|item| item.as_str().ok_or("expected text or a list of texts"))
            .collect(),
        _ => Err("expected text or a list of texts"),
    }
}
