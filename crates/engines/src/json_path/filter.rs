//! Does an element pass a filter? Jayway's comparisons: numbers and texts that hold numbers are equal, order exists
//! between two numbers or two texts only, and an undefined side makes `==` false and `!=` true.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::{Number, Value};

use super::LimitExceeded;
use super::evaluate::Evaluation;
use super::path::{Filter, Operand, Operator};

pub(super) fn evaluate<'v>(
    filter: &Filter,
    element: &'v Value,
    evaluation: &mut Evaluation<'v, '_>,
) -> Result<bool, LimitExceeded> {
    match filter {
        Filter::Or(filters) => {
            for filter in filters {
                if evaluate(filter, element, evaluation)? {
                    return Ok(true);
                }
            }
            Ok(false)
        }
        Filter::And(filters) => {
            for filter in filters {
                if !evaluate(filter, element, evaluation)? {
                    return Ok(false);
                }
            }
            Ok(true)
        }
        Filter::Not(filter) => Ok(!evaluate(filter, element, evaluation)?),
        Filter::Exists(operand) => Ok(resolve(operand, element, evaluation)?.is_some()),
        Filter::Matches(operand, pattern) => {
            let value = resolve(operand, element, evaluation)?;
            let text = value.as_deref().and_then(Value::as_str);
            if let Some(text) = text {
                evaluation.spend(text.len() / 64)?;
            }
            Ok(text.is_some_and(|text| pattern.0.is_match(text)))
        }
        Filter::Compare {
            left,
            operator,
            right,
        } => {
            let left = resolve(left, element, evaluation)?;
            let right = resolve(right, element, evaluation)?;
            evaluation.spend(left.as_deref().map_or(0, elements) * right.as_deref().map_or(0, elements))?;
            Ok(compare(left.as_deref(), *operator, right.as_deref()))
        }
    }
}

fn resolve<'v, 'f: 'r, 'r>(
    operand: &'f Operand,
    element: &'v Value,
    evaluation: &mut Evaluation<'v, '_>,
) -> Result<Option<Cow<'r, Value>>, LimitExceeded>
where
    'v: 'r,
{
    match operand {
        Operand::Literal(value) => Ok(Some(Cow::Borrowed(value))),
        Operand::FromElement(tokens) => evaluation.select(tokens, element),
        Operand::FromRoot(tokens) => {
            let root = evaluation.root;
            evaluation.select(tokens, root)
        }
    }
}

fn compare(left: Option<&Value>, operator: Operator, right: Option<&Value>) -> bool {
    let (Some(left), Some(right)) = (left, right) else {
        return matches!(operator, Operator::NotEqual | Operator::NotIn) && left.is_some() != right.is_some();
    };
    match operator {
        Operator::Equal => equal(left, right),
        Operator::NotEqual => !equal(left, right),
        Operator::Less => order(left, right) == Some(Ordering::Less),
        Operator::LessOrEqual => matches!(order(left, right), Some(Ordering::Less | Ordering::Equal)),
        Operator::Greater => order(left, right) == Some(Ordering::Greater),
        Operator::GreaterOrEqual => matches!(order(left, right), Some(Ordering::Greater | Ordering::Equal)),
        Operator::In => is_in(left, right),
        Operator::NotIn => !is_in(left, right),
        Operator::SubsetOf => each(left).is_some_and(|mut each| each.all(|value| is_in(value, right))),
        Operator::AnyOf => each(left).is_some_and(|mut each| each.any(|value| is_in(value, right))),
        Operator::NoneOf => each(left).is_some_and(|mut each| !each.any(|value| is_in(value, right))),
        Operator::All => each(right).is_some_and(|mut each| each.all(|value| is_in(value, left))),
        Operator::Contains => match (left, right) {
            (Value::String(text), Value::String(part)) => text.contains(part.as_str()),
            _ => is_in(right, left),
        },
        Operator::Size => size(left).is_some_and(|size| right.as_u64() == Some(size)),
        Operator::Empty => size(left).is_some_and(|size| right.as_bool() == Some(size == 0)),
        Operator::Matches => false,
    }
}

/// How much a comparison may have to look at.
fn elements(value: &Value) -> usize {
    value.as_array().map_or(1, |elements| elements.len().max(1))
}

fn each(value: &Value) -> Option<std::slice::Iter<'_, Value>> {
    value.as_array().map(|elements| elements.iter())
}

fn size(value: &Value) -> Option<u64> {
    let size = match value {
        Value::Array(elements) => elements.len(),
        Value::String(text) => text.chars().count(),
        _ => return None,
    };
    u64::try_from(size).ok()
}

fn is_in(value: &Value, list: &Value) -> bool {
    list.as_array()
        .is_some_and(|elements| elements.iter().any(|element| equal(value, element)))
}

fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => number_order(left, right) == Some(Ordering::Equal),
        (Value::Number(number), Value::String(text)) | (Value::String(text), Value::Number(number)) => {
            text.trim() == number.to_string()
        }
        _ => left == right,
    }
}

fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => number_order(left, right),
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        _ => None,
    }
}

/// Whole numbers compare exactly; a 64-bit id must not equal its neighbour.
fn number_order(left: &Number, right: &Number) -> Option<Ordering> {
    match (left.as_i128(), right.as_i128()) {
        (Some(left), Some(right)) => Some(left.cmp(&right)),
        _ => left.as_f64()?.partial_cmp(&right.as_f64()?),
    }
}
