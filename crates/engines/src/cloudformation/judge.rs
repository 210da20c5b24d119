//! Judges every expression of a template by its form and by the names in it, whatever its value may be.

use portcullis_model::{Place, Problem};

use super::check::Schemas;
use super::evaluate::{unknown_name, unknown_resource};
use super::functions::find_in_map;
use super::intrinsic::{Attribute, Intrinsic, Position, recognise};
use super::limits::PROBLEMS_MAX;
use super::parameters::{PseudoParameters, abbreviate};
use super::substitution::Part;
use super::template::{Named, Template};
use crate::document::{Node, NodeKind};
use crate::names::did_you_mean;

/// Returns what is wrong with the names and functions of all sections; attributes are judged where a schema is known.
pub(super) fn judge(template: &Template, schemas: Option<&Schemas<'_>>) -> Vec<Problem> {
    let mut judge = Judge {
        template,
        schemas,
        problems: Vec::new(),
    };
    for (name, node) in &template.conditions {
        let path = format!("Conditions/{name}");
        judge.expression(node, &path, Position::Condition, Resources::Forbidden);
    }
    for (name, resource) in &template.resources {
        let path = format!("Resources/{name}");
        judge.condition(resource.condition.as_ref(), &path);
        for named in &resource.depends_on {
            if !template.resources.contains_key(&named.text) {
                let message = unknown_resource(template, &named.text);
                judge.error(named.place, &format!("{path}/DependsOn"), message);
            }
        }
        let properties = format!("{path}/Properties");
        judge.expression(
            &resource.properties,
            &properties,
            Position::Value,
            Resources::Allowed,
        );
    }
    for (name, output) in &template.outputs {
        let path = format!("Outputs/{name}");
        judge.condition(output.condition.as_ref(), &path);
        judge.expression(
            &output.value,
            &format!("{path}/Value"),
            Position::Value,
            Resources::Allowed,
        );
        if let Some(export) = &output.export_name {
            let path = format!("{path}/Export/Name");
            judge.expression(export, &path, Position::Value, Resources::Forbidden);
        }
    }
    judge.problems
}

/// Whether an expression may refer to resources.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Resources {
    Allowed,
    Forbidden,
}

/// Problems after which no more are looked for; far more than are listed.
const JUDGED_PROBLEMS_MAX: usize = 8 * PROBLEMS_MAX;

struct Judge<'a> {
    template: &'a Template,
    schemas: Option<&'a Schemas<'a>>,
    problems: Vec<Problem>,
}

impl Judge<'_> {
    fn expression(&mut self, node: &Node, path: &str, position: Position, resources: Resources) {
        if self.problems.len() > JUDGED_PROBLEMS_MAX {
            return;
        }
        let intrinsic = match recognise(node, position) {
            Ok(Some(intrinsic)) => intrinsic,
            Err(wrong) => return self.error(wrong.place, path, wrong.message),
            Ok(None) => {
                match &node.kind {
                    NodeKind::List(items) => {
                        for (index, item) in items.iter().enumerate() {
                            self.expression(item, &format!("{path}/{index}"), Position::Value, resources);
                        }
                    }
                    NodeKind::Map(entries) => {
                        for (key, value) in entries {
                            let path = format!("{path}/{}", key.text);
                            self.expression(value, &path, Position::Value, resources);
                        }
                    }
                    _ => {}
                }
                return;
            }
        };
        match &intrinsic {
            Intrinsic::Ref(name) => self.name(name, node.place, path, resources),
            Intrinsic::GetAtt {
                logical_id,
                attribute,
            } => {
                let name = match attribute {
                    Attribute::Literal(name) => Some(*name),
                    Attribute::Computed(_) => None,
                };
                self.attribute(logical_id, name, node.place, path, resources);
            }
            Intrinsic::Sub { parts, variables } => {
                for part in parts {
                    match part {
                        Part::Variable(name) if !variables.iter().any(|(key, _)| key.text == *name) => {
                            self.variable(name, node.place, path, resources);
                        }
                        _ => {}
                    }
                }
            }
            Intrinsic::If { condition, .. } | Intrinsic::Condition(condition) => {
                self.condition_name(condition, node.place, path);
            }
            Intrinsic::FindInMap {
                mapping,
                first,
                second,
            } => self.mapping([mapping, first, second], path),
            _ => {}
        }
        for (argument, position) in intrinsic.arguments() {
            self.expression(argument, path, position, resources);
        }
    }

    fn variable(&mut self, name: &str, place: Place, path: &str, resources: Resources) {
        match name.split_once('.') {
            Some((logical_id, attribute)) => {
                self.attribute(logical_id, Some(attribute), place, path, resources);
            }
            None => self.name(name, place, path, resources),
        }
    }

    fn name(&mut self, name: &str, place: Place, path: &str, resources: Resources) {
        let is_pseudo = name == "AWS::NoValue" || PseudoParameters::NAMES.contains(&name);
        if is_pseudo || self.template.parameters.contains_key(name) {
            return;
        }
        if !self.template.resources.contains_key(name) {
            self.error(place, path, unknown_name(self.template, name));
        } else if resources == Resources::Forbidden {
            self.error(
                place,
                path,
                format!("`{name}` is a resource: only parameters can be named here"),
            );
        }
    }

    fn attribute(
        &mut self,
        logical_id: &str,
        attribute: Option<&str>,
        place: Place,
        path: &str,
        resources: Resources,
    ) {
        let Some(resource) = self.template.resources.get(logical_id) else {
            return self.error(place, path, unknown_resource(self.template, logical_id));
        };
        if resources == Resources::Forbidden {
            let message = format!("`{logical_id}` is a resource: only parameters can be named here");
            return self.error(place, path, message);
        }
        let schema = self.schemas.and_then(|schemas| schemas(&resource.resource_type));
        let (Some(schema), Some(attribute)) = (schema, attribute) else {
            return;
        };
        if !schema.has_attribute(attribute) {
            let hint = did_you_mean(attribute, schema.attributes.iter().copied());
            let message = format!(
                "`{}` has no attribute `{}`{hint}",
                resource.resource_type,
                abbreviate(attribute)
            );
            self.error(place, path, message);
        }
    }

    /// Judges the names of a lookup up to the first that is not literal.
    fn mapping(&mut self, names: [&Node; 3], path: &str) {
        let literals = names
            .iter()
            .map_while(|node| Some((node.scalar_text()?, node.place)));
        let literals: Vec<(&str, Place)> = literals.collect();
        if let Err(wrong) = find_in_map(self.template, &literals) {
            self.error(wrong.place, path, wrong.message);
        }
    }

    fn condition(&mut self, named: Option<&Named>, path: &str) {
        if let Some(named) = named {
            self.condition_name(&named.text, named.place, &format!("{path}/Condition"));
        }
    }

    fn condition_name(&mut self, name: &str, place: Place, path: &str) {
        if !self.template.conditions.contains_key(name) {
            let hint = did_you_mean(name, self.template.conditions.keys().map(String::as_str));
            self.error(
                place,
                path,
                format!("there is no condition `{}`{hint}", abbreviate(name)),
            );
        }
    }

    fn error(&mut self, place: Place, path: &str, message: impl Into<String>) {
        self.problems.push(Problem::error(Some(place), path, message));
    }
}
