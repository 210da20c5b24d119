//! What is an expression worth? Velocity 1.7's rules: a condition is true for whatever is there and not `false`, and never for a
//! text or a number written out; sums of whole numbers stay whole; `+` joins texts; what cannot be computed is nothing.

use std::borrow::Cow;
use std::cmp::Ordering;

use serde_json::Value as Json;

use super::ast::Operator;
use super::print::Output;
use super::program::{Expression, Path, Reference, Source};
use super::rendering::Rendering;
use super::value::{Object, Text, Value};
use super::{ParameterPlace, RenderError};
use crate::json_path::{self, JsonPath};

impl<'a> Rendering<'a> {
    /// Returns the value of an expression.
    pub(super) fn value(&mut self, expression: &'a Expression) -> Result<Value<'a>, RenderError> {
        Ok(match expression {
            Expression::Null => Value::Null,
            Expression::Boolean(value) => Value::Boolean(*value),
            Expression::Integer(value) => Value::Integer(*value),
            Expression::Decimal(value) => Value::Decimal(*value),
            Expression::Text(text) => Value::lent(text),
            Expression::Interpolated(steps) => {
                self.spend_steps(1)?;
                Value::made(self.render(steps)?)
            }
            Expression::Reference(reference) => {
                self.spend_steps(1)?;
                self.reference(reference)?
            }
            Expression::List(elements) => {
                let mut items = Vec::with_capacity(elements.len());
                for element in elements {
                    self.spend_steps(1)?;
                    items.push(self.value(element)?);
                }
                self.heap.list(items)
            }
            Expression::Map(entries) => {
                let mut map = indexmap::IndexMap::with_capacity(entries.len());
                for (key, value) in entries {
                    self.spend_steps(1)?;
                    let key = self.value(key)?;
                    let key = self.text_of(&key)?;
                    map.insert(key.as_str().into(), self.value(value)?);
                }
                self.heap.put(Object::Map(map))
            }
            Expression::Range(ends) => self.range(&ends.0, &ends.1)?,
            Expression::Not(_) => Value::Boolean(self.truth(expression)?),
            Expression::Binary(operator, _) if Self::is_logical(*operator) => {
                Value::Boolean(self.truth(expression)?)
            }
            Expression::Binary(operator, sides) => {
                let left = self.value(&sides.0)?;
                let right = self.value(&sides.1)?;
                self.compute(*operator, &left, &right)?
            }
        })
    }

    /// Tells whether a condition holds. A text or a number written out never does, in Velocity.
    pub(super) fn truth(&mut self, expression: &'a Expression) -> Result<bool, RenderError> {
        self.spend_steps(1)?;
        match expression {
            Expression::Boolean(value) => Ok(*value),
            Expression::Reference(reference) => Ok(!matches!(
                self.reference(reference)?,
                Value::Boolean(false) | Value::Null
            )),
            Expression::Not(inner) => Ok(!self.truth(inner)?),
            Expression::Binary(Operator::And, sides) => Ok(self.truth(&sides.0)? && self.truth(&sides.1)?),
            Expression::Binary(Operator::Or, sides) => Ok(self.truth(&sides.0)? || self.truth(&sides.1)?),
            Expression::Binary(operator, sides) if Self::is_logical(*operator) => {
                let left = self.value(&sides.0)?;
                let right = self.value(&sides.1)?;
                match operator {
                    Operator::Equal => self.equal(&left, &right),
                    Operator::NotEqual => Ok(!self.equal(&left, &right)?),
                    _ => Ok(order(&left, &right).is_some_and(|order| holds(*operator, order))),
                }
            }
            _ => Ok(false),
        }
    }

    fn range(&mut self, from: &'a Expression, to: &'a Expression) -> Result<Value<'a>, RenderError> {
        let (from, to) = (self.value(from)?, self.value(to)?);
        let (Value::Integer(from), Value::Integer(to)) = (from, to) else {
            return Ok(Value::Null);
        };
        let length = usize::try_from(from.abs_diff(to)).unwrap_or(usize::MAX);
        self.spend_steps(length.saturating_add(1))?;
        let items = if from <= to {
            (from..=to).map(Value::Integer).collect()
        } else {
            (to..=from).rev().map(Value::Integer).collect()
        };
        Ok(self.heap.list(items))
    }

    /// Returns the value of a reference; what is undefined is an empty text.
    pub(super) fn reference(&mut self, reference: &'a Reference) -> Result<Value<'a>, RenderError> {
        let mut value = self.source(&reference.source)?;
        for access in &reference.accesses {
            if matches!(value, Value::Null) {
                return Ok(Value::EMPTY);
            }
            value = self.step_into(&value, access)?;
        }
        Ok(match value {
            Value::Null => Value::EMPTY,
            value => value,
        })
    }

    fn source(&mut self, source: &'a Source) -> Result<Value<'a>, RenderError> {
        let scope = self.scope;
        let lent = |text: Option<Cow<'a, str>>| match text {
            Some(Cow::Borrowed(text)) => Value::lent(text),
            Some(Cow::Owned(text)) => Value::made(text),
            None => Value::Null,
        };
        Ok(match source {
            Source::Variable(slot) => self.variable(*slot),
            Source::Context(path) => self.context(path),
            Source::StageVariable(name) => lent(scope.stage_variable(self.argument(name)?.as_str())),
            Source::Body => Value::lent(scope.input().body()?),
            Source::Path(path) => self.select(path)?,
            Source::Json(path) => self.json_text(path)?,
            Source::Parameters => Value::Parameters,
            Source::ParametersOf(place) => Value::ParametersOf(*place),
            Source::ParameterOf(place, name) => lent(scope.parameter(*place, self.argument(name)?.as_str())),
            Source::Parameter(name) => {
                let name = self.argument(name)?;
                let mut places = ParameterPlace::ALL.into_iter();
                lent(places.find_map(|place| scope.parameter(place, name.as_str())))
            }
            Source::Util(util, argument) => {
                let argument = self.argument(argument)?;
                let found = util.apply(argument.as_str())?;
                if let super::Found::Text(text) = &found {
                    self.spend_bytes(text.len())?;
                } else {
                    self.spend_bytes(argument.as_str().len())?;
                }
                self.heap.found(found)
            }
        })
    }

    fn argument(&mut self, expression: &'a Expression) -> Result<Text<'a>, RenderError> {
        let value = self.value(expression)?;
        self.text_of(&value)
    }

    /// Returns a variable of `$context`; a path that is none may be the beginning of one.
    pub(super) fn context(&mut self, path: &[Box<str>]) -> Value<'a> {
        let names: Vec<&str> = path.iter().map(AsRef::as_ref).collect();
        let own = self.overrides.iter().find(|known| known.is_at(&names));
        if let Some(known) = own {
            return Value::made(known.value.as_str());
        }
        match self.scope.context(&names) {
            Some(found) => self.heap.found(found),
            None => Value::Context(path.into()),
        }
    }

    /// Returns what a path names in the body. Parts of it are lent, so that a template can change them.
    fn select(&mut self, path: &'a Path) -> Result<Value<'a>, RenderError> {
        let rendered;
        let path = match path {
            Path::Known(path) => path,
            Path::Rendered(expression) => {
                rendered = self.rendered_path(expression)?;
                &rendered
            }
        };
        let Some(body) = self.scope.input().json()? else {
            return Ok(Value::Null);
        };
        if !self.is_changed() {
            return Ok(match self.evaluate(path, body)? {
                Some(Cow::Borrowed(json)) => Value::of_json(json),
                Some(Cow::Owned(json)) => self.heap.adopt(json),
                None => Value::Null,
            });
        }
        let walked = path.walk(Value::of_json(body), |value, step| {
            let value = self.settle(&value);
            let found = match step {
                json_path::Step::Property(name) => self.member(&value, name),
                json_path::Step::Index(index) => self.element(&value, index.into()),
            };
            found.map(|found| self.settle(&found))
        });
        match walked {
            Some(found) => Ok(found.unwrap_or(Value::Null)),
            None => {
                let body = self.json_of(&Value::of_json(body))?;
                let found = self.evaluate(path, &body)?.map(Cow::into_owned);
                Ok(found.map_or(Value::Null, |json| self.heap.adopt(json)))
            }
        }
    }

    fn rendered_path(&mut self, expression: &'a Expression) -> Result<JsonPath, RenderError> {
        let text = self.argument(expression)?;
        self.spend_steps(1 + text.as_str().len() / 8)?;
        JsonPath::parse(text.as_str())
            .map_err(|problem| RenderError::JsonPath(text.as_str().to_owned(), problem.to_string()))
    }

    fn evaluate<'j>(
        &mut self,
        path: &JsonPath,
        body: &'j Json,
    ) -> Result<Option<Cow<'j, Json>>, RenderError> {
        let limits = json_path::Limits {
            nodes_max: self.steps_left(),
            ..json_path::Limits::default()
        };
        let (found, nodes) = path.evaluate_counted(body, &limits)?;
        self.spend_steps(nodes / 8)?;
        Ok(found)
    }

    /// Returns `$input.json(…)`. A missing value is an empty JSON text and the whole of an empty body an empty object,
    /// so that a template of JSON stays JSON. Not recorded; this is what AWS's own passthrough template shows.
    fn json_text(&mut self, path: &'a Path) -> Result<Value<'a>, RenderError> {
        let whole = matches!(path, Path::Known(path) if path.is_root());
        let Some(body) = self.scope.input().json()? else {
            return Ok(Value::lent(if whole { "{}" } else { "\"\"" }));
        };
        let mut output = Output::new(self.limits.output_bytes_max);
        match path {
            Path::Known(path) if !self.is_changed() => match self.evaluate(path, body)? {
                Some(json) => output.push_json(&json)?,
                None => output.push("\"\"")?,
            },
            path => match self.select(path)? {
                Value::Null if !self.names_null(path, body)? => output.push("\"\"")?,
                value => output.push_json(&self.json_of(&value)?)?,
            },
        }
        self.text(output.into_text())
    }

    /// Tells a null of the body from nothing.
    fn names_null(&mut self, path: &'a Path, body: &Json) -> Result<bool, RenderError> {
        match path {
            Path::Known(path) => Ok(self.evaluate(path, body)?.is_some()),
            Path::Rendered(expression) => {
                let path = self.rendered_path(expression)?;
                Ok(self.evaluate(&path, body)?.is_some())
            }
        }
    }

    /// Returns the sum, difference, …; nothing where there is none.
    fn compute(
        &mut self,
        operator: Operator,
        left: &Value<'a>,
        right: &Value<'a>,
    ) -> Result<Value<'a>, RenderError> {
        let is_text = |value: &Value<'_>| matches!(value, Value::Text(_) | Value::Context(_));
        if operator == Operator::Add && (is_text(left) || is_text(right)) {
            let mut output = Output::new(self.limits.output_bytes_max);
            self.print(left, &mut output)?;
            self.print(right, &mut output)?;
            return self.text(output.into_text());
        }
        Ok(match (left, right) {
            (Value::Integer(left), Value::Integer(right)) => {
                let result = match operator {
                    Operator::Add => left.checked_add(*right),
                    Operator::Subtract => left.checked_sub(*right),
                    Operator::Multiply => left.checked_mul(*right),
                    Operator::Divide => left.checked_div(*right),
                    _ => left.checked_rem(*right),
                };
                result.map_or(Value::Null, Value::Integer)
            }
            _ => match (decimal(left), decimal(right)) {
                (Some(left), Some(right)) => computed(operator, left, right),
                _ => Value::Null,
            },
        })
    }

    /// Compares as Velocity does: numbers by size, what is of one kind by what it holds, the rest by how it prints.
    pub(super) fn equal(&mut self, left: &Value<'a>, right: &Value<'a>) -> Result<bool, RenderError> {
        self.spend_steps(1)?;
        if let Some(order) = order(left, right) {
            return Ok(order == Ordering::Equal);
        }
        match (self.settle(left), self.settle(right)) {
            (Value::Null, Value::Null) => Ok(true),
            (Value::Null, _) | (_, Value::Null) => Ok(false),
            (Value::Boolean(left), Value::Boolean(right)) => Ok(left == right),
            (Value::Text(left), Value::Text(right)) => Ok(left.as_str() == right.as_str()),
            (Value::Json(left), Value::Json(right)) => {
                self.spend_steps(1)?;
                Ok(left == right)
            }
            (left, right) => {
                let left = self.text_of(&left)?;
                let right = self.text_of(&right)?;
                Ok(left.as_str() == right.as_str())
            }
        }
    }
}

/// The order of two numbers; there is none of other values.
pub(super) fn order(left: &Value<'_>, right: &Value<'_>) -> Option<Ordering> {
    match (left, right) {
        (Value::Integer(left), Value::Integer(right)) => Some(left.cmp(right)),
        _ => decimal(left)?.partial_cmp(&decimal(right)?),
    }
}

fn holds(operator: Operator, order: Ordering) -> bool {
    match operator {
        Operator::Less => order.is_lt(),
        Operator::LessOrEqual => order.is_le(),
        Operator::Greater => order.is_gt(),
        _ => order.is_ge(),
    }
}

fn decimal(value: &Value<'_>) -> Option<f64> {
    match value {
        #[expect(clippy::cast_precision_loss, reason = "as Java widens")]
        Value::Integer(integer) => Some(*integer as f64),
        Value::Decimal(decimal) => Some(*decimal),
        _ => None,
    }
}

fn computed<'a>(operator: Operator, left: f64, right: f64) -> Value<'a> {
    Value::Decimal(match operator {
        Operator::Add => left + right,
        Operator::Subtract => left - right,
        Operator::Multiply => left * right,
        // Velocity divides by no zero, whole or not.
        Operator::Divide | Operator::Remainder if right == 0.0 => return Value::Null,
        Operator::Divide => left / right,
        _ => left % right,
    })
}
