//! Values of a template, with every intrinsic function worked out.

use portcullis_model::{Place, Problem};
use serde_json::{Map, Value};

use super::functions;
use super::intrinsic::{Intrinsic, Position, recognise};
use super::limits::EVALUATED_BYTES_MAX;
use super::parameters::{Parameters, PseudoParameters, abbreviate, exact_number};
use super::plan::Conditions;
use super::template::Template;
use crate::document::{Node, NodeKind};
use crate::names::did_you_mean;

/// What the template alone cannot know.
pub trait References {
    /// Returns what `Ref` gives for a resource that exists.
    fn reference(&self, logical_id: &str) -> Option<Value>;
    /// Returns what `Fn::GetAtt` gives.
    fn attribute(&self, logical_id: &str, name: &str) -> Option<Value>;
    /// Returns the value that another stack exports under this name.
    fn import(&self, export: &str) -> Option<Value>;
    /// Returns the names of a region's availability zones.
    fn availability_zones(&self, region: &str) -> Vec<String>;
}

/// All that an expression may refer to, but resources.
#[derive(Clone, Copy, Debug)]
pub struct Environment<'a> {
    pub template: &'a Template,
    pub parameters: &'a Parameters,
    pub pseudo: &'a PseudoParameters,
    /// From `Plan::conditions`.
    pub conditions: &'a Conditions,
}

/// Evaluates a node; what is `AWS::NoValue` is left out. `path` leads to the node, for messages.
pub fn evaluate(
    node: &Node,
    path: &str,
    environment: &Environment<'_>,
    references: &dyn References,
) -> Result<Value, Vec<Problem>> {
    let mut evaluator = Evaluator {
        template: environment.template,
        parameters: environment.parameters,
        pseudo: Some(environment.pseudo),
        conditions: environment.conditions,
        references: Some(references),
        bytes_left: EVALUATED_BYTES_MAX,
        problems: Vec::new(),
    };
    let outcome = evaluator.evaluate(node, path);
    match outcome {
        Outcome::Value(value) if evaluator.problems.is_empty() => Ok(value),
        Outcome::Removed if evaluator.problems.is_empty() => Ok(Value::Null),
        _ => {
            if evaluator.problems.is_empty() {
                let message = "cannot be evaluated: something that it refers to is not known";
                evaluator
                    .problems
                    .push(Problem::error(Some(node.place), path, message));
            }
            Err(evaluator.problems)
        }
    }
}

/// What came of an expression.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Outcome {
    Value(Value),
    /// `AWS::NoValue`.
    Removed,
    /// Not known yet, or wrong and told in `problems`.
    Unknown,
}

/// Works expressions out. Without `pseudo` or `references` it is a check: what would need them is `Unknown`.
pub(super) struct Evaluator<'a> {
    pub template: &'a Template,
    pub parameters: &'a Parameters,
    pub pseudo: Option<&'a PseudoParameters>,
    pub conditions: &'a Conditions,
    pub references: Option<&'a dyn References>,
    /// Bytes that may still be produced; none once it is exhausted, which is told once.
    pub bytes_left: usize,
    pub problems: Vec<Problem>,
}

/// What each step costs beside its bytes: empty texts multiply too.
const STEP_BYTES: usize = 8;

impl Evaluator<'_> {
    pub(super) fn evaluate(&mut self, node: &Node, path: &str) -> Outcome {
        if let Some(outcome) = self.spend(STEP_BYTES, node.place, path) {
            return outcome;
        }
        match recognise(node, Position::Value) {
            Err(wrong) => self.wrong(wrong.place, path, wrong.message),
            Ok(Some(intrinsic)) => self.intrinsic(&intrinsic, node.place, path),
            Ok(None) => match &node.kind {
                NodeKind::Null => Outcome::Value(Value::Null),
                NodeKind::Bool(boolean) => Outcome::Value(Value::Bool(*boolean)),
                NodeKind::Number(text) => match exact_number(text) {
                    Some(number) => Outcome::Value(Value::Number(number)),
                    None => self.text(text, node.place, path),
                },
                NodeKind::String { text, .. } => self.text(text, node.place, path),
                NodeKind::List(items) => self.list(items, path),
                NodeKind::Map(entries) => {
                    let mut map = Map::new();
                    let mut known = true;
                    for (key, value) in entries {
                        match self.evaluate(value, &format!("{path}/{}", key.text)) {
                            Outcome::Value(value) => {
                                map.insert(key.text.clone(), value);
                            }
                            Outcome::Removed => {}
                            Outcome::Unknown => known = false,
                        }
                    }
                    if known {
                        Outcome::Value(map.into())
                    } else {
                        Outcome::Unknown
                    }
                }
            },
        }
    }

    fn list(&mut self, items: &[Node], path: &str) -> Outcome {
        let mut values = Vec::with_capacity(items.len());
        let mut known = true;
        for (index, item) in items.iter().enumerate() {
            match self.evaluate(item, &format!("{path}/{index}")) {
                Outcome::Value(value) => values.push(value),
                Outcome::Removed => {}
                Outcome::Unknown => known = false,
            }
        }
        if known {
            Outcome::Value(values.into())
        } else {
            Outcome::Unknown
        }
    }

    fn intrinsic(&mut self, intrinsic: &Intrinsic<'_>, place: Place, path: &str) -> Outcome {
        match intrinsic {
            Intrinsic::Ref(name) => self.named(name, place, path),
            Intrinsic::If {
                condition,
                then,
                otherwise,
            } => match self.conditions.get(*condition) {
                Some(true) => self.evaluate(then, path),
                Some(false) => self.evaluate(otherwise, path),
                None if self.references.is_none() => Outcome::Unknown,
                None => self.wrong(
                    place,
                    path,
                    format!("the condition `{}` does not exist", abbreviate(condition)),
                ),
            },
            Intrinsic::Equals(..)
            | Intrinsic::And(_)
            | Intrinsic::Or(_)
            | Intrinsic::Not(_)
            | Intrinsic::Condition(_) => self.wrong(place, path, "a condition cannot be a value"),
            other => match functions::apply(self, other, place, path) {
                Ok(outcome) => self.pay(outcome, place, path),
                Err(wrong) => self.wrong(wrong.place, path, wrong.message),
            },
        }
    }

    /// Works out `Ref name`.
    pub(super) fn named(&mut self, name: &str, place: Place, path: &str) -> Outcome {
        if name == "AWS::NoValue" {
            return Outcome::Removed;
        }
        if PseudoParameters::NAMES.contains(&name) {
            let value = self.pseudo.and_then(|pseudo| pseudo.value(name));
            return value.map_or(Outcome::Unknown, |value| {
                self.pay(Outcome::Value(value), place, path)
            });
        }
        if self.template.parameters.contains_key(name) {
            let value = self.parameters.value(name).cloned();
            return value.map_or(Outcome::Unknown, |value| {
                self.pay(Outcome::Value(value), place, path)
            });
        }
        if !self.template.resources.contains_key(name) {
            let message = unknown_name(self.template, name);
            return self.wrong(place, path, message);
        }
        match self.references {
            None => Outcome::Unknown,
            Some(references) => match references.reference(name) {
                Some(value) => self.pay(Outcome::Value(value), place, path),
                None => self.wrong(place, path, format!("the resource `{name}` is not made")),
            },
        }
    }

    /// Works out `Fn::GetAtt`.
    pub(super) fn attribute(&mut self, logical_id: &str, name: &str, place: Place, path: &str) -> Outcome {
        if !self.template.resources.contains_key(logical_id) {
            let message = unknown_resource(self.template, logical_id);
            return self.wrong(place, path, message);
        }
        match self.references {
            None => Outcome::Unknown,
            Some(references) => match references.attribute(logical_id, name) {
                Some(value) => self.pay(Outcome::Value(value), place, path),
                None => {
                    let name = abbreviate(name);
                    self.wrong(
                        place,
                        path,
                        format!("the resource `{logical_id}` has no attribute `{name}`"),
                    )
                }
            },
        }
    }

    fn text(&mut self, text: &str, place: Place, path: &str) -> Outcome {
        let exhausted = self.spend(text.len(), place, path);
        exhausted.unwrap_or_else(|| Outcome::Value(text.into()))
    }

    /// Charges what an expression produced: nested substitutions must not multiply without end.
    fn pay(&mut self, outcome: Outcome, place: Place, path: &str) -> Outcome {
        let Outcome::Value(value) = &outcome else {
            return outcome;
        };
        let exhausted = self.spend(bytes_of(value), place, path);
        exhausted.unwrap_or(outcome)
    }

    /// Takes `bytes` from what is left, or returns what to answer instead.
    fn spend(&mut self, bytes: usize, place: Place, path: &str) -> Option<Outcome> {
        if let Some(left) = self.bytes_left.checked_sub(bytes) {
            self.bytes_left = left;
            return None;
        }
        if self.bytes_left > 0 {
            self.bytes_left = 0;
            let message = "its value grows too large: the functions in it produce too much text";
            return Some(self.wrong(place, path, message));
        }
        Some(Outcome::Unknown)
    }

    pub(super) fn wrong(&mut self, place: Place, path: &str, message: impl Into<String>) -> Outcome {
        self.problems.push(Problem::error(Some(place), path, message));
        Outcome::Unknown
    }
}

fn bytes_of(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len(),
        Value::Array(items) => items.iter().map(|item| 1 + bytes_of(item)).sum(),
        Value::Object(entries) => entries
            .iter()
            .map(|(key, value)| key.len() + bytes_of(value))
            .sum(),
        _ => 8,
    }
}

/// Says that a `Ref` leads nowhere.
pub(super) fn unknown_name(template: &Template, name: &str) -> String {
    let known = template.parameters.keys().chain(template.resources.keys());
    let pseudo = PseudoParameters::NAMES.into_iter().chain(["AWS::NoValue"]);
    let hint = did_you_mean(name, known.map(String::as_str).chain(pseudo));
    format!("there is no parameter or resource `{}`{hint}", abbreviate(name))
}

/// Says that a resource is not in the template.
pub(super) fn unknown_resource(template: &Template, name: &str) -> String {
    let hint = did_you_mean(name, template.resources.keys().map(String::as_str));
    format!("there is no resource `{}`{hint}", abbreviate(name))
}
