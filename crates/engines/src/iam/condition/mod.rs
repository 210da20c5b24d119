//! `Condition`: when a statement applies. All operators and all keys must hold; of several values one suffices, or,
//! for negated operators, none may match.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html>

mod ip_address;
mod moment;
mod operator;
mod comparand;

use serde_json::Value;

use super::{Context, PolicyError, statement::Effect};
use comparand::Comparand;
use operator::{Operator, Quantifier};

const KEYS_MAX: usize = 200;
const VALUES_MAX: usize = 1000;
const KEY_BYTES_MAX: usize = 512;

/// The conditions of a statement.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Conditions(Vec<Condition>);

#[derive(Clone, Debug, PartialEq)]
struct Condition {
    operator: Operator,
    /// Lower case.
    key: String,
    values: Vec<Comparand>,
}

/// Numbers and booleans may stand without quotes.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>
fn quoted(value: &Value) -> Value {
    let scalar = |value: &Value| match value {
        Value::Bool(_) | Value::Number(_) => Value::String(value.to_string()),
        other => other.clone(),
    };
    match value {
        Value::Array(items) => Value::Array(items.iter().map(scalar).collect()),
        other => scalar(other),
    }
}

impl Conditions {
    pub(super) fn keys(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|condition| condition.key.as_str())
    }

    pub(super) fn parse(value: &Value, field: &str, variables: bool) -> Result<Self, PolicyError> {
        let operators = value
            .as_object()
            .ok_or_else(|| PolicyError::new(field, "expected an object of operators"))?;
        let mut conditions = Vec::new();
        for (name, keys) in operators {
            let field = format!("{field}.{name}");
            let operator = Operator::parse(name)
                .ok_or_else(|| PolicyError::new(&field, format!("`{name}` is not a condition operator")))?;
            let keys = keys
                .as_object()
                .ok_or_else(|| PolicyError::new(&field, "expected an object of condition keys"))?;
            for (key, values) in keys {
                let field = format!("{field}.{key}");
                let is_key = key.contains(':') && key.len() <= KEY_BYTES_MAX;
                if !is_key {
                    return Err(PolicyError::new(field, "not a condition key"));
                }
                let values = texts(&quoted(values), &field)?
                    .iter()
                    .map(|text| Comparand::compile(operator.comparison, text, variables))
                    .collect::<Result<_, _>>()
                    .map_err(|reason| PolicyError::new(&field, reason))?;
                conditions.push(Condition {
                    operator,
                    key: key.to_ascii_lowercase(),
                    values,
                });
            }
        }
        if conditions.len() > KEYS_MAX {
            return Err(PolicyError::new(
                field,
                format!("more than {KEYS_MAX} condition keys"),
            ));
        }
        Ok(Self(conditions))
    }

    /// Tells whether the conditions of a statement with `effect` hold. A negated operator against a variable without
    /// value ("not the owner", and nobody knows the owner) allows nothing.
    pub(super) fn hold(&self, context: &Context<'_>, effect: Effect) -> bool {
        self.0.iter().all(|condition| {
            condition.holds(context) && (effect == Effect::Deny || condition.is_certain(context))
        })
    }
}

impl Condition {
    fn is_certain(&self, context: &Context<'_>) -> bool {
        !self.operator.is_negated || self.values.iter().all(|value| value.is_resolvable(context))
    }

    fn holds(&self, context: &Context<'_>) -> bool {
        let found = context.values(&self.key);
        if self.operator.is_null_check() {
            // An empty list of values counts as absent.
            let is_absent = found.is_none_or(|values| values.is_empty());
            return self.values.iter().any(|value| value.is_null_answer(is_absent));
        }
        let is_negated = self.operator.is_negated;
        let is_met = |value: &String| {
            self.values
                .iter()
                .any(|comparand| comparand.matches(value, context))
                != is_negated
        };
        match found.filter(|values| !values.is_empty()) {
            None => match self.operator.quantifier {
                _ if self.operator.if_exists => true,
                Quantifier::ForAllValues => true,
                Quantifier::ForAnyValue => false,
                Quantifier::None => is_negated,
            },
            Some(values) => match self.operator.quantifier {
                Quantifier::ForAllValues => values.iter().all(is_met),
                Quantifier::ForAnyValue => values.iter().any(is_met),
                // AWS leaves several values without a quantifier undefined; none may match a negated operator.
                Quantifier::None if is_negated => values.iter().all(is_met),
                Quantifier::None => values.iter().any(is_met),
            },
        }
    }
}

/// Reads one value or a list; booleans and numbers are taken as their text.
fn texts(value: &Value, field: &str) -> Result<Vec<String>, PolicyError> {
    let text = |value: &Value| match value {
        Value::String(text) => Ok(text.clone()),
        Value::Bool(_) | Value::Number(_) => Ok(value.to_string()),
        _ => Err(PolicyError::new(
            field,
            "expected text, a number, a boolean or a list of them",
        )),
    };
    match value {
        Value::Array(list) if list.is_empty() || list.len() > VALUES_MAX => Err(PolicyError::new(
            field,
            format!("expected 1 to {VALUES_MAX} values"),
        )),
        Value::Array(list) => list.iter().map(text).collect(),
        single => Ok(vec![text(single)?]),
    }
}
