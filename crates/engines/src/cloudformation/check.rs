//! Every mistake of a template at once, each with its place, before anything is made.

use std::collections::{BTreeMap, HashMap};

use portcullis_model::Problem;
use serde_json::Value;

use super::coerce::text_of;
use super::conditions::evaluate_conditions;
use super::evaluate::{Evaluator, Outcome};
use super::intrinsic::{Position, recognise};
use super::judge::judge;
use super::limits::BOUNDS;
use super::limits::{CHECKED_BYTES_MAX, PROBLEMS_MAX};
use super::plan::{Conditions, circular_dependencies};
use super::schema::ResourceSchema;
use super::sections::read_sections;
use super::shapes::check_properties;
use super::template::{Named, ResourceTemplate, Template};
use crate::document::{Node, NodeKind};

/// Finds the schema of a resource type.
pub type Schemas<'a> = dyn Fn(&str) -> Option<&'static ResourceSchema> + 'a;

/// Checks a text: all that is wrong with reading it, and all that `check_template` finds in what could be read.
pub fn check_text(text: &str, schemas: &Schemas<'_>, given: &BTreeMap<String, String>) -> Vec<Problem> {
    let (root, mut problems) = crate::document::read(text, &BOUNDS);
    if let Some(root) = root {
        let (template, mut found) = read_sections(&root);
        problems.append(&mut found);
        problems.extend(find_problems(&template, schemas, given));
    }
    arrange(problems)
}

/// Checks a template: errors, warnings and inert notices, in the order of the text, without those that reading it
/// gave (`Template::problems`). What depends on a parameter without a value is not judged; of a resource whose
/// condition is false, only the names in it are.
pub fn check_template(
    template: &Template,
    schemas: &Schemas<'_>,
    given: &BTreeMap<String, String>,
) -> Vec<Problem> {
    arrange(find_problems(template, schemas, given))
}

fn find_problems(
    template: &Template,
    schemas: &Schemas<'_>,
    given: &BTreeMap<String, String>,
) -> Vec<Problem> {
    let (parameters, mut problems) = template.resolve_given(given);
    let (conditions, found) = evaluate_conditions(template, &parameters, None);
    problems.extend(found);
    problems.extend(judge(template, Some(schemas)));
    problems.extend(circular_dependencies(template, &conditions));
    let mut evaluator = Evaluator {
        template,
        parameters: &parameters,
        pseudo: None,
        conditions: &conditions,
        references: None,
        bytes_left: CHECKED_BYTES_MAX,
        problems: Vec::new(),
    };
    for (name, resource) in &template.resources {
        if is_made(resource.condition.as_ref(), &conditions) {
            check_resource(&mut evaluator, schemas, resource, &format!("Resources/{name}"));
        }
    }
    check_outputs(&mut evaluator);
    problems.append(&mut evaluator.problems);
    problems
}

/// Puts problems in the order of the text, each once; so many that nobody reads them are cut.
fn arrange(mut problems: Vec<Problem>) -> Vec<Problem> {
    let key = |problem: &Problem| {
        let place = problem.place.map(|place| (place.line, place.column));
        (
            place,
            problem.severity,
            problem.path.clone(),
            problem.message.clone(),
        )
    };
    problems.sort_by_cached_key(key);
    problems.dedup();
    // The same mistake may be met on two paths, as a name and as a value; the first telling is enough.
    problems.dedup_by(|later, earlier| {
        later.place.is_some() && later.place == earlier.place && later.message == earlier.message
    });
    if problems.len() > PROBLEMS_MAX {
        let more = problems.len() - PROBLEMS_MAX;
        problems.truncate(PROBLEMS_MAX);
        problems.push(Problem::error(
            None,
            "",
            format!("{more} more problems are not listed"),
        ));
    }
    problems
}

fn is_made(condition: Option<&Named>, conditions: &Conditions) -> bool {
    condition.is_none_or(|named| conditions.get(&named.text) != Some(&false))
}

fn check_resource(
    evaluator: &mut Evaluator<'_>,
    schemas: &Schemas<'_>,
    resource: &ResourceTemplate,
    path: &str,
) {
    let type_name = resource.resource_type.as_str();
    if let Some(schema) = schemas(type_name) {
        return check_properties(evaluator, schema, resource, path);
    }
    let message = if type_name.starts_with("AWS::Serverless::") {
        format!("the resource type `{type_name}` is not supported: the SAM transform is not supported yet")
    } else {
        format!("the resource type `{type_name}` is not supported")
    };
    evaluator.wrong(resource.type_place, &format!("{path}/Type"), message);
}

fn check_outputs(evaluator: &mut Evaluator<'_>) {
    let template = evaluator.template;
    let mut exports: HashMap<String, &str> = HashMap::new();
    for (name, output) in &template.outputs {
        if !is_made(output.condition.as_ref(), evaluator.conditions) {
            continue;
        }
        known_text(evaluator, &output.value, &format!("Outputs/{name}/Value"));
        let Some(export) = &output.export_name else {
            continue;
        };
        let path = format!("Outputs/{name}/Export/Name");
        if let Some(text) = known_text(evaluator, export, &path)
            && let Some(other) = exports.insert(text, name)
        {
            let message = format!("the output `{other}` has the same export name");
            evaluator.wrong(export.place, &path, message);
        }
    }
}

/// Returns the text that a node is known to be; something else that is known is wrong.
fn known_text(evaluator: &mut Evaluator<'_>, node: &Node, path: &str) -> Option<String> {
    if let Ok(None) = recognise(node, Position::Value)
        && matches!(node.kind, NodeKind::List(_) | NodeKind::Map(_))
    {
        evaluator.wrong(
            node.place,
            path,
            format!("must be a text, not {}", node.kind_name()),
        );
        return None;
    }
    let value: Value = match evaluator.evaluate(node, path) {
        Outcome::Value(value) => value,
        Outcome::Removed => {
            evaluator.wrong(node.place, path, "must be a text, not `AWS::NoValue`");
            return None;
        }
        Outcome::Unknown => return None,
    };
    match text_of(&value) {
        Ok(text) => Some(text),
        Err(reason) => {
            evaluator.wrong(node.place, path, reason);
            None
        }
    }
}
