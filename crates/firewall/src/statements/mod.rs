//! The questions that a rule can ask of a request, one statement per file.
//!
//! <https://docs.aws.amazon.com/waf/latest/APIReference/API_Statement.html>

mod byte_match;
mod ip_set;
mod size_constraint;
mod sqli_match;
mod xss_match;
mod regex_match;
pub(crate) mod regex_pattern_set;
mod rate_based;
mod label_match;
mod and;
mod or;
mod not;
mod managed_rule_group;
mod forwarded;

use indexmap::IndexMap;
use portcullis_model::resources::wafv2::CustomResponseBody;
use serde_json::Value;

use crate::{compiler::Compiler, evaluation::Evaluation, reader::Fields, rule::RuleGroup};

/// A compiled statement.
pub(crate) trait Statement: Send + Sync {
    /// Tells whether the request matches.
    fn evaluate(&self, evaluation: &mut Evaluation<'_>) -> bool;
}

type CompileStatement = fn(&Value, String, &mut Compiler<'_>) -> Option<Box<dyn Statement>>;

/// How a statement is called and compiled.
pub(crate) struct StatementDefinition {
    pub(crate) name: &'static str,
    pub(crate) compile: CompileStatement,
}

/// Every statement; `ManagedRuleGroupStatement` is a rule's whole and stands apart.
static STATEMENTS: &[StatementDefinition] = &[
    byte_match::DEFINITION,
    ip_set::DEFINITION,
    size_constraint::DEFINITION,
    sqli_match::DEFINITION,
    xss_match::DEFINITION,
    regex_match::DEFINITION,
    regex_pattern_set::DEFINITION,
    rate_based::DEFINITION,
    label_match::DEFINITION,
    and::DEFINITION,
    or::DEFINITION,
    not::DEFINITION,
];

/// Statements of AWS that are refused, and why.
static REFUSED: &[(&str, &str)] = &[
    (
        "GeoMatchStatement",
        "there is no data about countries: use an IP set",
    ),
    (
        "AsnMatchStatement",
        "there is no data about autonomous systems: use an IP set",
    ),
    (
        "RuleGroupReferenceStatement",
        "own rule groups do not exist: write the rules into the web ACL",
    ),
];

/// Compiles the one statement that `value` holds.
pub(crate) fn compile(
    value: &Value,
    path: String,
    compiler: &mut Compiler<'_>,
) -> Option<Box<dyn Statement>> {
    let union = Fields::any(value, path, compiler.problems)?;
    let (name, settings) = union.choice()?;
    if let Some(definition) = STATEMENTS.iter().find(|definition| definition.name == name) {
        return (definition.compile)(settings, union.way(name), compiler);
    }
    if name == managed_rule_group::NAME {
        union.refuse(name, "a rule group cannot stand inside another statement");
        return None;
    }
    match REFUSED.iter().find(|(refused, _)| *refused == name) {
        Some((_, reason)) => union.refuse(name, format!("{name} is not supported: {reason}")),
        None => union.refuse(name, format!("`{name}` is not a statement")),
    }
    None
}

/// Tells whether a rule's statement refers to a rule group.
pub(crate) fn is_group(statement: &Value) -> bool {
    statement.get(managed_rule_group::NAME).is_some()
}

/// Compiles a rule's statement that refers to a rule group.
pub(crate) fn compile_group(
    statement: &Value,
    path: String,
    bodies: &IndexMap<String, CustomResponseBody>,
    compiler: &mut Compiler<'_>,
) -> Option<RuleGroup> {
    let union = Fields::of(statement, path, &[managed_rule_group::NAME], compiler.problems)?;
    let (name, settings) = union.choice()?;
    managed_rule_group::compile(settings, union.way(name), bodies, compiler)
}
