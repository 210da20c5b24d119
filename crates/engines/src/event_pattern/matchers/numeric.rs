//! `{"numeric": [">", 0, "<=", 5]}`: a number in a range; `["=", 5]`: one number, however it is written.

use serde_json::Value;

use super::Misfit;

/// AWS compares numbers up to this size.
const NUMBER_MAX: f64 = 5.0e9;

#[derive(Clone, Debug)]
pub(in crate::event_pattern) struct Numeric(Vec<(Operator, f64)>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

impl Numeric {
    pub(super) fn compile(operand: &Value) -> Result<Self, Misfit> {
        let items = operand
            .as_array()
            .ok_or("expected a list such as `[\">\", 0, \"<=\", 5]`")?;
        let mut bounds = Vec::new();
        for pair in items.chunks(2) {
            let [operator, number] = pair else {
                return Err("an operator lacks its number");
            };
            let operator = operator.as_str().and_then(Operator::of);
            let operator = operator.ok_or("expected one of `=`, `<`, `<=`, `>`, `>=`")?;
            let number = number.as_f64().ok_or("expected a number behind the operator")?;
            if number.abs() > NUMBER_MAX {
                return Err("a number must lie between -5.0e9 and 5.0e9");
            }
            bounds.push((operator, number));
        }
        match bounds.as_slice() {
            [_] => {}
            [(low, from), (high, to)] if low.is_low() && high.is_high() && from < to => {}
            _ => return Err("expected `=` alone, one bound, or a lower bound and then a higher one"),
        }
        Ok(Self(bounds))
    }

    pub(super) fn matches(&self, number: f64) -> bool {
        number.abs() <= NUMBER_MAX
            && self.0.iter().all(|(operator, bound)| match operator {
                Operator::Equal => number == *bound,
                Operator::Less => number < *bound,
                Operator::LessOrEqual => number <= *bound,
                Operator::Greater => number > *bound,
                Operator::GreaterOrEqual => number >= *bound,
            })
    }
}

impl Operator {
    fn of(text: &str) -> Option<Self> {
        Some(match text {
            "=" => Self::Equal,
            "<" => Self::Less,
            "<=" => Self::LessOrEqual,
            ">" => Self::Greater,
            ">=" => Self::GreaterOrEqual,
            _ => return None,
        })
    }

    const fn is_low(self) -> bool {
        matches!(self, Self::Greater | Self::GreaterOrEqual)
    }

    const fn is_high(self) -> bool {
        matches!(self, Self::Less | Self::LessOrEqual)
    }
}
