//! Every mistake of a template at once, with its place; needs no server.

use std::collections::BTreeMap;

use portcullis_engines::cloudformation::{Template, check_text, read_template};
use portcullis_model::Problem;

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
    checked.flatten().collect()
}
