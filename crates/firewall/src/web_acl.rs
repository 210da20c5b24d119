//! Compiles a web ACL and judges requests by it: rules in the order of their priorities, then the default action.
//!
//! <https://docs.aws.amazon.com/waf/latest/developerguide/web-acl-processing.html>

use std::sync::Arc;

use portcullis_model::{
    Problem, Timestamp,
    resources::wafv2::{RegexPatternSet, WebAcl},
};

use crate::{
    action::{self, Action},
    compiler::{Compiler, Inspection, References},
    evaluation::Evaluation,
    fields::body,
    limits::{CAPACITY_UNITS_MAX, RULES_MAX},
    rates::Rates,
    reader::{Fields, Problems},
    request::{BodyNeed, RequestView},
    rule::{self, Judges, Rule, RuleGroup},
    statements::regex_pattern_set,
    verdict::{DecidedBy, RuleName, Verdict, VerdictAction},
};

/// A web ACL made ready to judge.
pub struct CompiledWebAcl {
    pub arn: String,
    pub name: String,
    /// Capacity units that the rules use.
    pub capacity: u32,
    /// What the user should know though nothing is refused.
    pub warnings: Vec<Problem>,
    rules: Vec<Rule>,
    default_action: Action,
    inspections: Vec<Inspection>,
    body_bytes: usize,
    is_sampled: bool,
}

impl std::fmt::Debug for CompiledWebAcl {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("CompiledWebAcl")
            .field("arn", &self.arn)
            .finish_non_exhaustive()
    }
}

/// Compiles `acl`, or returns every problem with its path.
pub fn compile(acl: &WebAcl, references: &dyn References) -> Result<CompiledWebAcl, Vec<Problem>> {
    let problems = Problems::default();
    let account = acl.arn.split(':').nth(4).unwrap_or_default();
    let prefix = format!("awswaf:{account}:webacl:{}:", acl.name);
    let mut compiler = Compiler::new(&problems, references, prefix);

    action::check_bodies(&acl.custom_response_bodies, &problems);
    let body_bytes = body::inspected_bytes(acl.association_config.as_ref(), &problems);
    let default_action = default_action(acl, &problems);
    let rules = rules(acl, &mut compiler);
    let (capacity, inspections) = (compiler.capacity, std::mem::take(&mut compiler.inspections));
    if capacity > CAPACITY_UNITS_MAX {
        problems.error(
            "Rules",
            format!("use {capacity} capacity units: {CAPACITY_UNITS_MAX} are allowed"),
        );
    }
    let problems = problems.into_inner();
    match default_action {
        Some(default_action) if !problems.iter().any(Problem::is_error) => Ok(CompiledWebAcl {
            arn: acl.arn.clone(),
            name: acl.name.clone(),
            capacity,
            warnings: problems,
            rules,
            default_action,
            inspections,
            body_bytes,
            is_sampled: acl.visibility_config.sampled_requests_enabled,
        }),
        _ => Err(problems),
    }
}

/// Reports every expression of a set that cannot be compiled.
pub fn check_regex_pattern_set(set: &RegexPatternSet) -> Vec<Problem> {
    let problems = Problems::default();
    regex_pattern_set::check(set, &problems);
    problems.into_inner()
}

fn default_action(acl: &WebAcl, problems: &Problems) -> Option<Action> {
    let path = "DefaultAction".to_owned();
    Fields::of(&acl.default_action, path.clone(), &["Allow", "Block"], problems)?;
    action::compile(&acl.default_action, path, &acl.custom_response_bodies, problems)
}

fn rules(acl: &WebAcl, compiler: &mut Compiler<'_>) -> Vec<Rule> {
    let problems = compiler.problems;
    if acl.rules.len() > RULES_MAX {
        problems.error(
            "Rules",
            format!("may have {RULES_MAX} members, has {}", acl.rules.len()),
        );
        return Vec::new();
    }
    let mut rules: Vec<Rule> = Vec::new();
    for (index, value) in acl.rules.iter().enumerate() {
        let path = format!("Rules/{index}");
        let Some(rule) = rule::compile(
            value,
            path.clone(),
            &acl.custom_response_bodies,
            &acl.arn,
            compiler,
        ) else {
            continue;
        };
        if let Some(other) = rules.iter().find(|other| other.priority == rule.priority) {
            problems.error(
                &format!("{path}/Priority"),
                format!(
                    "{} is the priority of `{}` too: priorities must differ",
                    rule.priority, other.name
                ),
            );
        }
        if rules.iter().any(|other| other.name == rule.name) {
            problems.error(
                &format!("{path}/Name"),
                format!("`{}` is taken: names must differ", rule.name),
            );
        }
        rules.push(rule);
    }
    rules.sort_by_key(|rule| rule.priority);
    rules
}

/// What has been found so far, beside what the evaluation keeps.
#[derive(Default)]
struct Course {
    counted: Vec<RuleName>,
    insert_headers: Vec<(Arc<str>, Arc<str>)>,
}

impl CompiledWebAcl {
    /// Returns how much of the body an evaluation wants to see.
    pub fn body_need(&self) -> BodyNeed {
        if self
            .inspections
            .iter()
            .any(|inspection| inspection.field.needs_body())
        {
            BodyNeed::Prefix(self.body_bytes)
        } else {
            BodyNeed::None
        }
    }

    /// Tells whether requests decided by `rule` (or by the default action) may be sampled.
    pub fn is_sampled(&self, decided_by: &DecidedBy) -> bool {
        match decided_by {
            DecidedBy::DefaultAction => self.is_sampled,
            DecidedBy::Rule(name) => self
                .rules
                .iter()
                .any(|rule| rule.name == name.rule && rule.is_sampled),
        }
    }

    /// Judges a request.
    pub fn evaluate(&self, request: &RequestView<'_>, rates: &Rates, now: Timestamp) -> Verdict {
        let mut evaluation = Evaluation::new(*request, rates, now, &self.inspections, self.body_bytes);
        let mut course = Course::default();
        for rule in &self.rules {
            if let Some((action, name)) = judge(rule, &mut evaluation, &mut course) {
                return conclude(action, DecidedBy::Rule(name), evaluation, course);
            }
        }
        conclude(&self.default_action, DecidedBy::DefaultAction, evaluation, course)
    }
}

/// Returns the action that ends the evaluation, if `rule` ends it.
fn judge<'r>(
    rule: &'r Rule,
    evaluation: &mut Evaluation<'_>,
    course: &mut Course,
) -> Option<(&'r Action, RuleName)> {
    match &rule.judges {
        Judges::Statement {
            statement,
            action,
            labels,
        } => {
            let details = evaluation.details.len();
            if !statement.evaluate(evaluation) {
                // A part may have seen something though the whole did not match.
                evaluation.details.truncate(details);
                return None;
            }
            evaluation.add_labels(labels);
            let name = RuleName {
                rule: Arc::clone(&rule.name),
                group_rule: None,
            };
            ends(action, name, course)
        }
        Judges::Group(group) => judge_group(rule, group, evaluation, course),
    }
}

fn judge_group<'r>(
    rule: &'r Rule,
    group: &'r RuleGroup,
    evaluation: &mut Evaluation<'_>,
    course: &mut Course,
) -> Option<(&'r Action, RuleName)> {
    if group
        .scope_down
        .as_ref()
        .is_some_and(|scope| !scope.evaluate(evaluation))
    {
        return None;
    }
    for inner in &group.rules {
        let details = evaluation.details.len();
        if !inner.statement.evaluate(evaluation) {
            evaluation.details.truncate(details);
            continue;
        }
        evaluation.add_labels(&inner.labels);
        let name = RuleName {
            rule: Arc::clone(&rule.name),
            group_rule: Some(Arc::clone(&inner.name)),
        };
        if let Some((action, name)) = ends(&inner.action, name, course) {
            if !group.counts_only {
                return Some((action, name));
            }
            course.counted.push(name);
            return None;
        }
    }
    None
}

fn ends<'r>(action: &'r Action, name: RuleName, course: &mut Course) -> Option<(&'r Action, RuleName)> {
    if let Action::Count(headers) = action {
        course.counted.push(name);
        course.insert_headers.extend(headers.iter().cloned());
        return None;
    }
    Some((action, name))
}

fn conclude(action: &Action, decided_by: DecidedBy, evaluation: Evaluation<'_>, course: Course) -> Verdict {
    let mut insert_headers = course.insert_headers;
    let action = match action {
        Action::Allow(headers) | Action::Count(headers) => {
            insert_headers.extend(headers.iter().cloned());
            VerdictAction::Allow
        }
        Action::Block(response) => {
            insert_headers.clear();
            VerdictAction::Block(response.clone())
        }
    };
    Verdict {
        action,
        decided_by,
        labels: evaluation.labels,
        counted: course.counted,
        matched: evaluation.details,
        insert_headers,
    }
}
