//! CloudFormation templates: read with places, checked whole, planned in order, evaluated. Pure: what a resource's
//! `Ref` or attribute is, and what happens when one is made, the caller knows.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-reference.html>

mod check;
mod coerce;
mod compare;
mod dynamic_references;
mod evaluate;
mod names;
mod node;
mod parameters;
mod plan;
mod schema;
mod template;

pub use check::{Schemas, check_template, check_text};
pub use coerce::coerce;
pub use compare::{Difference, compare};
pub use dynamic_references::find_dynamic_references;
pub use evaluate::{Environment, References, evaluate};
pub use node::{Key, Node, NodeKind};
pub use parameters::{PARAMETER_CHARACTERS_MAX, Parameters, PseudoParameters};
pub use plan::{Conditions, Plan, PlannedResource};
pub use schema::{PropertySchema, ResourceSchema, Shape, Support, Update};
pub use template::{
    DeletionPolicy, Mapping, Named, OutputTemplate, ParameterDeclaration, ParameterKind, ResourceTemplate,
    Template,
};

use portcullis_model::Problem;

/// Reads a template, or says everything that is wrong with its text. Warnings are in `Template::problems`.
pub fn parse_template(text: &str) -> Result<Template, Vec<Problem>> {
    let _ = text;
    Err(vec![Problem::error(None, "", "reading is not here yet")])
}
