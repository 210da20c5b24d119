//! Every mistake of a template at once, with its place; needs no server.

use std::collections::BTreeMap;

use portcullis_engines::cloudformation::{
    Node, NodeKind, Template, check_text, find_dynamic_references, parse_dynamic_reference, read_template,
};
use portcullis_model::Problem;
use serde_json::Value;

use crate::resources;

/// Checks a template's text; what depends on a parameter without a value is not judged.
pub fn check(template_text: &str, parameters: &BTreeMap<String, String>) -> Vec<Problem> {
    let mut problems = check_text(template_text, &resources::schema, parameters);
    if let Some(template) = read_template(template_text) {
        problems.extend(check_resources(&template));
    }
    problems.sort_by_key(|problem| problem.place);
    problems.dedup();
    problems
}

/// Checks what each resource knows of itself beyond its schema.
pub(super) fn check_resources(template: &Template) -> Vec<Problem> {
    let checked = template.resources.iter().filter_map(|(id, resource)| {
        let kind = resources::find(&resource.resource_type)?;
        Some(kind.check(id, resource, template))
    });
    checked.flatten().chain(check_references(template)).collect()
}

/// Checks the dynamic references that stand whole in one text; those put together of parts are met when they are.
fn check_references(template: &Template) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (id, resource) in &template.resources {
        let path = format!("Resources/{id}/Properties");
        walk(&resource.properties, &path, &mut |node, path, reference| {
            // What `Fn::Sub` fills in is not known yet.
            if reference.contains("${") {
                return;
            }
            if let Err(reason) = parse_dynamic_reference(reference) {
                problems.push(Problem::error(Some(node.place), path, reason));
            }
        });
    }
    let refused = |place, path: &str, where_to: &str| {
        let message = format!(
            "dynamic references are not allowed in {where_to}: use them in the properties of resources"
        );
        Problem::error(Some(place), path, message)
    };
    for (name, output) in &template.outputs {
        let nodes = [
            ("Value", Some(&output.value)),
            ("Export/Name", output.export_name.as_ref()),
        ];
        for (member, node) in nodes {
            let Some(node) = node else { continue };
            walk(node, &format!("Outputs/{name}/{member}"), &mut |node, path, _| {
                problems.push(refused(node.place, path, "outputs"));
            });
        }
    }
    for (name, parameter) in &template.parameters {
        if let Some(default) = parameter
            .default
            .as_ref()
            .filter(|default| holds_reference(&default.text))
        {
            let path = format!("Parameters/{name}/Default");
            problems.push(refused(default.place, &path, "parameters"));
        }
    }
    problems
}

fn holds_reference(text: &str) -> bool {
    !find_dynamic_references(&Value::from(text)).is_empty()
}

/// Tells `found` of every dynamic reference that stands whole in a text of `node`.
fn walk(node: &Node, path: &str, found: &mut dyn FnMut(&Node, &str, &str)) {
    match &node.kind {
        NodeKind::String { text, .. } => {
            for (_, reference) in find_dynamic_references(&Value::from(text.as_str())) {
                found(node, path, &reference);
            }
        }
        NodeKind::List(items) => {
            for (index, item) in items.iter().enumerate() {
                walk(item, &format!("{path}/{index}"), found);
            }
        }
        NodeKind::Map(entries) => {
            for (key, value) in entries {
                walk(value, &format!("{path}/{}", key.text), found);
            }
        }
        _ => {}
    }
}
