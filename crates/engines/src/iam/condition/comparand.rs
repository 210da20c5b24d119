//! One value of a condition, compiled, and the comparison with a value of the request. A value of the request that
//! does not read as what the operator compares does not match.

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::{
    ip_address::Network,
    moment,
    operator::{Comparison, Order},
};
use crate::iam::{
    Context,
    pattern::{Pattern, Syntax},
    resource::ResourcePattern,
};

/// A compiled value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Comparand {
    Text(Pattern),
    Arn(ResourcePattern),
    Numeric(Order, f64),
    Date(Order, i128),
    Bool(bool),
    Binary(Vec<u8>),
    IpAddress(Network),
    Null(bool),
}

impl Comparand {
    pub(super) fn compile(comparison: Comparison, text: &str, variables: bool) -> Result<Self, String> {
        let pattern = |wildcards, ignore_case| {
            Pattern::compile(
                text,
                Syntax {
                    wildcards,
                    variables,
                    ignore_case,
                },
            )
            .map(Self::Text)
        };
        match comparison {
            Comparison::String => pattern(false, false),
            Comparison::StringIgnoreCase => pattern(false, true),
            Comparison::StringLike => pattern(true, false),
            Comparison::Arn => arn(text, variables),
            Comparison::Numeric(order) => number(text)
                .map(|number| Self::Numeric(order, number))
                .ok_or_else(|| format!("`{text}` is not a number")),
            Comparison::Date(order) => moment::parse(text)
                .map(|moment| Self::Date(order, moment))
                .ok_or_else(|| format!("`{text}` is not a date: write 2026-11-21T00:00:00Z or seconds")),
            Comparison::Bool => boolean(text).map(Self::Bool).ok_or_else(|| not_boolean(text)),
            Comparison::Null => boolean(text).map(Self::Null).ok_or_else(|| not_boolean(text)),
            Comparison::Binary => STANDARD
                .decode(text)
                .map(Self::Binary)
                .map_err(|_| format!("`{text}` is not base64")),
            Comparison::IpAddress => Network::parse(text)
                .map(Self::IpAddress)
                .ok_or_else(|| format!("`{text}` is not an address or a CIDR block")),
        }
    }

    /// Tells whether the request's `value` matches.
    pub(super) fn matches(&self, value: &str, context: &Context<'_>) -> bool {
        match self {
            Self::Text(pattern) => pattern.matches(value, context),
            Self::Arn(pattern) => pattern.matches(value, context),
            Self::Numeric(order, wanted) => number(value).is_some_and(|found| order.holds(&found, wanted)),
            Self::Date(order, wanted) => {
                moment::parse(value).is_some_and(|found| order.holds(&found, wanted))
            }
            Self::Bool(wanted) => boolean(value) == Some(*wanted),
            Self::Binary(wanted) => STANDARD.decode(value).is_ok_and(|found| found == *wanted),
            Self::IpAddress(network) => network.contains(value),
            Self::Null(_) => false,
        }
    }

    /// Tells whether every policy variable in it has a value.
    pub(super) fn is_resolvable(&self, context: &Context<'_>) -> bool {
        match self {
            Self::Text(pattern) => pattern.is_resolvable(context),
            Self::Arn(pattern) => pattern.is_resolvable(context),
            _ => true,
        }
    }

    /// Tells whether this is the answer wanted of `Null`, given whether the key is absent.
    pub(super) fn is_null_answer(&self, is_absent: bool) -> bool {
        *self == Self::Null(is_absent)
    }
}

fn arn(text: &str, variables: bool) -> Result<Comparand, String> {
    let syntax = Syntax {
        wildcards: true,
        variables,
        ignore_case: false,
    };
    let pattern = ResourcePattern::compile(text, syntax)?;
    let is_complete = pattern.has_all_parts() || text == "*" || text.starts_with("${");
    if is_complete {
        Ok(Comparand::Arn(pattern))
    } else {
        Err(format!("`{text}` is not an ARN with six parts"))
    }
}

fn number(text: &str) -> Option<f64> {
    // `parse` alone would accept `inf` and `nan`.
    let is_number = text
        .bytes()
        .all(|byte| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E'));
    text.parse::<f64>()
        .ok()
        .filter(|number| is_number && number.is_finite())
}

fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

fn not_boolean(text: &str) -> String {
    format!("`{text}` is not `true` or `false`")
}
