//! Works the conditions out: `Fn::Equals`, `Fn::And`, `Fn::Or`, `Fn::Not` over parameters, mappings and each other.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/conditions-section-structure.html>

use std::collections::BTreeSet;

use portcullis_model::Problem;
use serde_json::Value;

use super::evaluate::{Evaluator, Outcome};
use super::intrinsic::{Intrinsic, Position, recognise};
use super::limits::CHECKED_BYTES_MAX;
use super::order::{circle_text, order};
use super::parameters::{Parameters, PseudoParameters};
use super::plan::Conditions;
use super::template::Template;
use crate::document::Node;

/// Returns the conditions whose value is known, and what is wrong. One that depends on a parameter without a value
/// (or, without `pseudo`, on a pseudo parameter) is left out.
pub(super) fn evaluate_conditions(
    template: &Template,
    parameters: &Parameters,
    pseudo: Option<&PseudoParameters>,
) -> (Conditions, Vec<Problem>) {
    let mut conditions = Conditions::new();
    let mut problems = Vec::new();
    let names: Vec<&str> = template.conditions.keys().map(String::as_str).collect();
    let needs: Vec<BTreeSet<usize>> = template
        .conditions
        .values()
        .map(|node| {
            let mut named = BTreeSet::new();
            collect_named(node, template, &mut named);
            named
        })
        .collect();
    let order = order(&needs);
    for circle in &order.circles {
        let text = circle_text(circle.iter().filter_map(|index| names.get(*index).copied()));
        let first = circle
            .first()
            .and_then(|index| template.conditions.get_index(*index));
        if let Some((name, node)) = first {
            let message = format!("circular conditions: {text}");
            problems.push(Problem::error(
                Some(node.place),
                format!("Conditions/{name}"),
                message,
            ));
        }
    }
    let in_circle: BTreeSet<usize> = order.circles.into_iter().flatten().collect();
    let mut bytes_left = CHECKED_BYTES_MAX;
    for index in order.sequence {
        let Some((name, node)) = template
            .conditions
            .get_index(index)
            .filter(|_| !in_circle.contains(&index))
        else {
            continue;
        };
        let mut evaluator = Evaluator {
            template,
            parameters,
            pseudo,
            conditions: &conditions,
            references: None,
            bytes_left,
            problems: Vec::new(),
        };
        let value = holds(&mut evaluator, node, &format!("Conditions/{name}"));
        bytes_left = evaluator.bytes_left;
        problems.append(&mut evaluator.problems);
        if let Some(value) = value {
            conditions.insert(name.clone(), value);
        }
    }
    (conditions, problems)
}

/// Collects the conditions that an expression names.
fn collect_named(node: &Node, template: &Template, named: &mut BTreeSet<usize>) {
    let Ok(Some(intrinsic)) = recognise(node, Position::Condition) else {
        return;
    };
    if let Intrinsic::Condition(name) = intrinsic {
        named.extend(template.conditions.get_index_of(name));
    }
    for (argument, position) in intrinsic.arguments() {
        if position == Position::Condition {
            collect_named(argument, template, named);
        }
    }
}

/// Returns whether a condition holds, if that is known; mistakes go to the evaluator's problems.
fn holds(evaluator: &mut Evaluator<'_>, node: &Node, path: &str) -> Option<bool> {
    let intrinsic = match recognise(node, Position::Condition) {
        Ok(Some(intrinsic)) => intrinsic,
        Ok(None) => {
            let message = "a condition is `Fn::Equals`, `Fn::And`, `Fn::Or`, `Fn::Not` or `Condition`";
            evaluator.wrong(node.place, path, message);
            return None;
        }
        Err(wrong) => {
            evaluator.wrong(wrong.place, path, wrong.message);
            return None;
        }
    };
    match intrinsic {
        Intrinsic::Condition(name) => {
            let value = evaluator.conditions.get(name).copied();
            if value.is_none() && !evaluator.template.conditions.contains_key(name) {
                evaluator.wrong(node.place, path, format!("the condition `{name}` does not exist"));
            }
            value
        }
        Intrinsic::Equals(left, right) => {
            let left = operand(evaluator, left, path);
            let right = operand(evaluator, right, path);
            Some(left? == right?)
        }
        Intrinsic::Not(inner) => holds(evaluator, inner, path).map(|value| !value),
        Intrinsic::And(inner) => decide(evaluator, inner, path, false),
        Intrinsic::Or(inner) => decide(evaluator, inner, path, true),
        _ => {
            let message = "a condition compares: use `Fn::Equals`";
            evaluator.wrong(node.place, path, message);
            None
        }
    }
}

/// One `decisive` value decides; all are looked at, so that every mistake is told.
fn decide(evaluator: &mut Evaluator<'_>, inner: &[Node], path: &str, decisive: bool) -> Option<bool> {
    let values: Vec<Option<bool>> = inner.iter().map(|node| holds(evaluator, node, path)).collect();
    if values.contains(&Some(decisive)) {
        Some(decisive)
    } else if values.contains(&None) {
        None
    } else {
        Some(!decisive)
    }
}

fn operand(evaluator: &mut Evaluator<'_>, node: &Node, path: &str) -> Option<Value> {
    match evaluator.evaluate(node, path) {
        Outcome::Value(value) => Some(in_text(value)),
        Outcome::Removed => {
            evaluator.wrong(node.place, path, "`AWS::NoValue` cannot be compared");
            None
        }
        Outcome::Unknown => None,
    }
}

/// CloudFormation compares texts: `true` equals `"true"`.
fn in_text(value: Value) -> Value {
    match value {
        Value::Bool(_) | Value::Number(_) => value.to_string().into(),
        Value::Array(items) => items.into_iter().map(in_text).collect(),
        other => other,
    }
}
