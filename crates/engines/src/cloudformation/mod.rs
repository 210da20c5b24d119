//! CloudFormation templates: read with places, checked whole, planned in order, evaluated. Pure: what a resource's
//! `Ref` or attribute is, and what happens when one is made, the caller knows.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-reference.html>

mod check;
mod cidr;
mod coerce;
mod compare;
mod conditions;
mod declarations;
mod dependencies;
mod dynamic_references;
mod evaluate;
mod functions;
mod intrinsic;
mod judge;
mod limits;
mod order;
mod parameters;
mod plan;
mod schema;
mod sections;
mod shapes;
mod substitution;
mod template;

#[cfg(test)]
mod tests;

pub use crate::document::{Key, Node, NodeKind};
pub use check::{Schemas, check_template, check_text};
pub use coerce::coerce;
pub use compare::{Difference, compare};
pub use dynamic_references::{
    SecretReference, find_dynamic_references, parse_dynamic_reference, replace_dynamic_references,
};
pub use evaluate::{Environment, References, evaluate};
pub use limits::*;
pub use parameters::{PARAMETER_CHARACTERS_MAX, Parameters, PseudoParameters};
pub use plan::{Conditions, Plan, PlannedResource};
pub use schema::{PropertySchema, ResourceSchema, Shape, Support, Update};
pub use template::{
    DeletionPolicy, Mapping, Named, OutputTemplate, ParameterDeclaration, ParameterKind, ResourceTemplate,
    Template,
};

use portcullis_model::Problem;

/// Reads a template, or says everything that is wrong with its form. Warnings are in `Template::problems`; whether
/// its names and values make sense is for [`check_template`] and [`Template::plan`].
pub fn parse_template(text: &str) -> Result<Template, Vec<Problem>> {
    let (root, mut problems) = crate::document::read(text, &limits::BOUNDS);
    let Some(root) = root else {
        return Err(problems);
    };
    let (mut template, found) = sections::read_sections(&root);
    problems.extend(found);
    if problems.iter().any(Problem::is_error) {
        return Err(problems);
    }
    template.problems = problems;
    Ok(template)
}

/// Reads what can be read of a text with mistakes, for whoever checks more than [`check_text`] tells.
pub fn read_template(text: &str) -> Option<Template> {
    let (root, _) = crate::document::read(text, &limits::BOUNDS);
    root.map(|root| sections::read_sections(&root).0)
}
